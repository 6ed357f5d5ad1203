#include "convoy/plugin.h"
