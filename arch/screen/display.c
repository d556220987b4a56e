// SPDX-License-Identifier: MIT
/*
 * The screen that the console's text is shown on, if the loader left one: the VGA text screen or a
 * framebuffer. What is written goes to arch/screen/screen.h.
 */
#include <stdbool.h>

#include "arch/cpu/layout.h"
#include "arch/screen/framebuffer.h"
#include "arch/screen/vga.h"
#include "kernel/console/console.h"
#include "kernel/start/events.h"
#include "mm/table/kernel_map.h"

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

/* Opens the screen in the early direct map, if it is there. */
static void open_early(void)
{
    has_vga_text = loader_screen.is_vga_text;
    if (has_vga_text)
        show_on(vga_open(direct_map(paddr(VGA_MEMORY))));
    if (!loader_screen.framebuffer.width)
        return;
    is_of_no_use = !framebuffer_is_usable(&loader_screen.framebuffer);
    if (is_of_no_use)
        return;
    framebuffer = loader_screen.framebuffer;
    if (is_in_early_map())
        show_on(framebuffer_open(&framebuffer, direct_map(framebuffer.address)));
}

/* The screen is mapped for good; one that is opened only now has missed what was said before. */
static void remap(void)
{
    if (has_vga_text)
        vga_remap(device_map(paddr(VGA_MEMORY), VGA_MEMORY_SIZE));
    if (!framebuffer.width)
        return;
    void *memory = device_map_combining(framebuffer.address, framebuffer_size(&framebuffer));
    if (!memory) {
        show_on(NULL);
    } else if (device) {
        framebuffer_remap(memory);
    } else {
        show_on(framebuffer_open(&framebuffer, memory));
        TELL(console_opens_late, screen_write);
    }
}

static void say_what_there_is(void)
{
    if (is_of_no_use)
        kprintf(KERN_WARNING "console    the loader's framebuffer is not one that can be used\n");
    if (!device)
        return;
    kprintf("console    %s screen of %ux%u characters\n",
            framebuffer.width ? "framebuffer" : "VGA text", device->columns, device->lines);
}

ATTACH(boot_firmware, say_what_there_is);

static void find_screen(enum console_map map)
{
    if (map == CONSOLE_MAP_EARLY)
        open_early();
    else
        remap();
}

ATTACH(console_maps, find_screen);
ATTACH(console_shows, screen_write);
