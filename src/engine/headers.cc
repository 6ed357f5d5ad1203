#include "engine/optimize.h"
#include "engine/sample.h"
#include "engine/session.h"
