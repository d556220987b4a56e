// SPDX-License-Identifier: MIT
/*
 * prctl(PR_SET_MDWE), "memory deny write execute": code that has been subverted, or a mistake, gets
 * no memory that is writable and executable. What is said once is said for good.
 */
#ifndef MM_POLICY_MDWE_H
#define MM_POLICY_MDWE_H

#include <stdint.h>

struct address_space;

/*
 * PR_SET_MDWE with flags that go together: -EPERM when others are set already, and for
 * PR_MDWE_REFUSE_WRITE_EXEC -EBUSY while there is memory as it refuses.
 */
int space_set_mdwe(struct address_space *space, uint32_t flags);

#endif
