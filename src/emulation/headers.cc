#include "emulation/local_host.h"
