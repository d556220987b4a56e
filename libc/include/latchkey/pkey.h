// SPDX-License-Identifier: MIT
/* What Latchkey can do with protection keys beyond Linux; there each call fails with ENOSYS. */
#ifndef LATCHKEY_PKEY_H
#define LATCHKEY_PKEY_H

/*
 * Sets the rights to one key, as pkey_set() has them, in all threads of the process: see
 * docs/pkey_set_all.2.md. 0, or -1 with EINVAL (no such key or right) or ENOSYS.
 */
int pkey_set_all(int key, unsigned int rights);

#endif
