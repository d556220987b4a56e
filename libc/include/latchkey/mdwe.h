// SPDX-License-Identifier: MIT
/*
 * prctl(PR_SET_MDWE): memory that is writable and executable is refused. Linux has it from 6.3 on,
 * but for the last flag, and its headers before do not know it. See docs/PR_SET_MDWE.2const.md.
 */
#ifndef LATCHKEY_MDWE_H
#define LATCHKEY_MDWE_H

#include <linux/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif

#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#endif

#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT (1UL << 1)
#endif

/* Latchkey's own, where Linux says EINVAL: both at once is refused, and one after the other not. */
#define PR_MDWE_REFUSE_WRITE_EXEC (1UL << 16)

#endif
