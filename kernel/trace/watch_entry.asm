; SPDX-License-Identifier: MIT
;
; Where a #DB that came before the first instruction of its own handler continues: on the task's
; empty kernel stack, without the frame of the program that it came from.

section .text
bits 64

extern watch_step_is_lost
global watch_step_is_lost_entry
watch_step_is_lost_entry:
        swapgs
        call watch_step_is_lost
