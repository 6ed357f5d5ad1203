#include "runtime/pipeline.h"
#include "runtime/remote_profile.h"
#include "runtime/worker.h"
