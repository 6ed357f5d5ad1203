#include "fleet/devices_file.h"
#include "fleet/fleet.h"
