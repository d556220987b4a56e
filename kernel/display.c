// SPDX-License-Identifier: MIT
#include "kernel/display.h"

#include "arch/framebuffer.h"
#include "arch/layout.h"
#include "arch/vga.h"
#include "boot/boot_info.h"
#include "kernel/console.h"
#include "mm/kernel_map.h"

static bool has_vga_text;
static struct framebuffer framebuffer; /* width 0: there is none that can be drawn on */
static const struct screen_device *device;
static bool is_of_no_use;

static void show_on(const struct screen_device *opened)
{
    device = opened;
    screen_init(device);
}

static bool is_in_early_map(void)
{
    return framebuffer.address.value <= EARLY_DIRECT_MAP_SIZE - framebuffer_size(&framebuffer);
}

void display_init(const struct boot_info *info)
{
    has_vga_text = info->has_vga_text;
    if (has_vga_text)
        show_on(vga_open(direct_map(paddr(VGA_MEMORY))));
    if (!info->framebuffer.width)
        return;
    is_of_no_use = !framebuffer_is_usable(&info->framebuffer);
    if (is_of_no_use)
        return;
    framebuffer = info->framebuffer;
    if (is_in_early_map())
        show_on(framebuffer_open(&framebuffer, direct_map(framebuffer.address)));
}

bool display_remap(void)
{
    if (has_vga_text)
        vga_remap(device_map(paddr(VGA_MEMORY), VGA_MEMORY_SIZE));
    if (!framebuffer.width)
        return false;
    void *memory = device_map_combining(framebuffer.address, framebuffer_size(&framebuffer));
    if (!memory) {
        show_on(NULL);
        return false;
    }
    if (device) {
        framebuffer_remap(memory);
        return false;
    }
    show_on(framebuffer_open(&framebuffer, memory));
    return true;
}

void display_log(void)
{
    if (is_of_no_use)
        kprintf(KERN_WARNING "console    the loader's framebuffer is not one that can be used\n");
    if (!device)
        return;
    kprintf("console    %s screen of %ux%u characters\n",
            framebuffer.width ? "framebuffer" : "VGA text", device->columns, device->lines);
}
