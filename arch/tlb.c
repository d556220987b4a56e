// SPDX-License-Identifier: MIT
#include "arch/tlb.h"

struct tlb_events tlb_events;
