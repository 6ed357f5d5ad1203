#include "profile/measure.h"
#include "profile/profile.h"
