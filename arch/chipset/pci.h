// SPDX-License-Identifier: MIT
/* PCI configuration space by ports: PCI Local Bus specification 3.0, 3.2.2.3.2. */
#ifndef ARCH_CHIPSET_PCI_H
#define ARCH_CHIPSET_PCI_H

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_ENABLE  (1u << 31)

#endif
