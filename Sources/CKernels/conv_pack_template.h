// Columns of the convolution straight from the image, and tiles that span images. Compiled once per level.
//
// A vector of pixels is a few runs of neighbours (a run ends with an output row). For one kernel tap every run is a
// masked load at a fixed offset from the channel's plane, so the offsets are found once and serve all channels.
#include "conv_internal.h"

typedef struct {
    int32_t lane, length;        // within the vector
    int32_t slice, row, column;  // of the first output pixel
    int64_t image;               // floats from image 0 to this image's plane
} pixel_run;

typedef struct {
    mpk_mask low, high;  // stride 1: low; stride 2: the vectors of 2 * MPK_LANES neighbours
    int32_t first, end;  // lanes
    int64_t offset;      // floats from the plane to the place lane 0 would have
} tap_run;

// The runs of `count` pixels from `pixel`; at most MPK_LANES.
MPK_INLINE int32_t find_runs(const mpk_conv_plan *p, int64_t pixel, int32_t count, pixel_run *runs) {
    const int64_t width = p->shape.out_width, image_floats = p->in_plane * p->shape.in_channels;
    int64_t image = pixel / p->out_plane, within = pixel % p->out_plane;
    int32_t row = (int32_t)(within / width), column = (int32_t)(within % width);
    int32_t slice = row / p->shape.out_height;
    row %= p->shape.out_height;
    int32_t run_count = 0;
    for (int32_t lane = 0; lane < count;) {
        const int32_t left_in_row = (int32_t)width - column;
        const int32_t length = count - lane < left_in_row ? count - lane : left_in_row;
        runs[run_count++] = (pixel_run){lane, length, slice, row, column, image * image_floats};
        lane += length;
        column = 0;
        if (++row == p->shape.out_height) {
            row = 0;
            if (++slice == p->shape.out_depth) {
                slice = 0;
                image++;
            }
        }
    }
    return run_count;
}

// The first x with x * step >= bound, for x in 0 ... limit.
MPK_INLINE int32_t first_reaching(int64_t bound, int64_t step, int32_t limit) {
    if (bound <= 0) return 0;
    const int64_t x = step == 1 ? bound : (bound + step - 1) / step;
    return x < limit ? (int32_t)x : limit;
}

// Keeps the part of the runs that reads inside the image for this tap.
MPK_INLINE int32_t clip_runs(const mpk_conv_plan *p, const pixel_run *runs, int32_t run_count, int32_t kernel_slice,
                             int32_t kernel_row, int32_t kernel_column, tap_run *taps) {
    const mpk_conv_shape *s = &p->shape;
    int32_t tap_count = 0;
    for (int32_t i = 0; i < run_count; i++) {
        const pixel_run *run = &runs[i];
        const int64_t z =
            (int64_t)run->slice * s->stride_depth + (int64_t)kernel_slice * s->dilation_depth - s->pad_front;
        const int64_t y =
            (int64_t)run->row * s->stride_height + (int64_t)kernel_row * s->dilation_height - s->pad_top;
        if (z < 0 || z >= s->in_depth || y < 0 || y >= s->in_height) continue;
        const int64_t x =
            (int64_t)run->column * s->stride_width + (int64_t)kernel_column * s->dilation_width - s->pad_left;
        const int32_t skipped = first_reaching(-x, s->stride_width, run->length);
        const int32_t kept = first_reaching(s->in_width - x, s->stride_width, run->length);
        if (skipped >= kept) continue;
        tap_run *tap = &taps[tap_count++];
        tap->first = run->lane + skipped;
        tap->end = run->lane + kept;
        tap->offset = run->image + (z * s->in_height + y) * s->in_width + x - (int64_t)run->lane * s->stride_width;
        if (s->stride_width == 1) {
            tap->low = mpk_mask_range(tap->first, tap->end);
        } else if (s->stride_width == 2) {
            mpk_mask_every_second(tap->first, tap->end, &tap->low, &tap->high);
        }
    }
    return tap_count;
}

// Whether every tap of a kernel row reads inside the image for all these pixels: then only an offset tells the taps
// apart.
MPK_INLINE int32_t columns_stay_inside(const mpk_conv_plan *p, const pixel_run *runs, int32_t run_count) {
    const mpk_conv_shape *s = &p->shape;
    const int64_t reach = (int64_t)(s->kernel_width - 1) * s->dilation_width;
    for (int32_t i = 0; i < run_count; i++) {
        const int64_t first = (int64_t)runs[i].column * s->stride_width - s->pad_left;
        const int64_t last = first + (int64_t)(runs[i].length - 1) * s->stride_width + reach;
        if (first < 0 || last >= s->in_width) return 0;
    }
    return 1;
}

// Stride 1. destination: one vector every `step` floats.
MPK_INLINE void pack_neighbours(const float *input, int64_t plane, int64_t channels, const tap_run *taps,
                                int32_t tap_count, float *destination, int64_t step) {
    if (tap_count == 0) {
        for (int64_t c = 0; c < channels; c++) mpk_store(destination + c * step, mpk_splat(0));
    } else if (tap_count == 1 && taps[0].first == 0 && taps[0].end == MPK_LANES) {
        const float *source = input + taps[0].offset;
        for (int64_t c = 0; c < channels; c++) mpk_store(destination + c * step, mpk_load(source + c * plane));
    } else if (tap_count == 1) {
        const float *source = input + taps[0].offset;
        const mpk_mask mask = taps[0].low;
        for (int64_t c = 0; c < channels; c++) {
            mpk_store(destination + c * step, mpk_load_masked(mpk_splat(0), mask, source + c * plane));
        }
    } else if (tap_count == 2) {
        const float *source = input + taps[0].offset, *other = input + taps[1].offset;
        const mpk_mask mask = taps[0].low, other_mask = taps[1].low;
        for (int64_t c = 0; c < channels; c++) {
            const mpk_v half = mpk_load_masked(mpk_splat(0), mask, source + c * plane);
            mpk_store(destination + c * step, mpk_load_masked(half, other_mask, other + c * plane));
        }
    } else {
        for (int64_t c = 0; c < channels; c++) {
            mpk_v value = mpk_splat(0);
            for (int32_t i = 0; i < tap_count; i++) {
                value = mpk_load_masked(value, taps[i].low, input + taps[i].offset + c * plane);
            }
            mpk_store(destination + c * step, value);
        }
    }
}

// Stride 2: the lanes are the even elements of two vectors of neighbours.
MPK_INLINE void pack_every_second(const float *input, int64_t plane, int64_t channels, const tap_run *taps,
                                  int32_t tap_count, float *destination, int64_t step) {
    if (tap_count == 1) {
        const float *source = input + taps[0].offset;
        const mpk_mask low_mask = taps[0].low, high_mask = taps[0].high;
        for (int64_t c = 0; c < channels; c++) {
            const mpk_v low = mpk_load_masked(mpk_splat(0), low_mask, source + c * plane);
            const mpk_v high = mpk_load_masked(mpk_splat(0), high_mask, source + c * plane + MPK_LANES);
            mpk_store(destination + c * step, mpk_even(low, high));
        }
        return;
    }
    for (int64_t c = 0; c < channels; c++) {
        mpk_v low = mpk_splat(0), high = mpk_splat(0);
        for (int32_t i = 0; i < tap_count; i++) {
            const float *source = input + taps[i].offset + c * plane;
            low = mpk_load_masked(low, taps[i].low, source);
            high = mpk_load_masked(high, taps[i].high, source + MPK_LANES);
        }
        mpk_store(destination + c * step, mpk_even(low, high));
    }
}

MPK_INLINE void pack_strided(const float *input, int64_t plane, int64_t channels, int64_t stride,
                             const tap_run *taps, int32_t tap_count, float *destination, int64_t step) {
    for (int64_t c = 0; c < channels; c++) {
        float *vector = destination + c * step;
        mpk_store(vector, mpk_splat(0));
        for (int32_t i = 0; i < tap_count; i++) {
            const float *source = input + taps[i].offset + c * plane;
            for (int32_t lane = taps[i].first; lane < taps[i].end; lane++) vector[lane] = source[lane * stride];
        }
    }
}

static MPK_TARGET void pack_columns(const mpk_conv_plan *p, const float *input, int64_t channel_count,
                                    int64_t first_pixel, int32_t pixel_count, int32_t vectors, mpk_tap_range range,
                                    float *columns) {
    const mpk_conv_shape *s = &p->shape;
    const int64_t row_floats = vectors * MPK_LANES, step = row_floats * p->taps;
    const int32_t first_line = range.first / s->kernel_width, end_line = range.end / s->kernel_width;
    for (int32_t v = 0; v < vectors; v++) {
        const int32_t left = pixel_count - v * MPK_LANES;
        pixel_run runs[MPK_LANES];
        const int32_t run_count =
            find_runs(p, first_pixel + v * MPK_LANES, left < MPK_LANES ? left : MPK_LANES, runs);
        const int32_t inside = columns_stay_inside(p, runs, run_count);
        float *destination = columns + v * MPK_LANES + first_line * s->kernel_width * row_floats;
        for (int32_t line = first_line; line < end_line; line++) {
            const int32_t z = line / s->kernel_height, y = line % s->kernel_height;
            tap_run taps[MPK_LANES];
            int32_t tap_count = 0;
            for (int32_t x = 0; x < s->kernel_width; x++, destination += row_floats) {
                const float *source = input;
                if (x == 0 || !inside) {
                    tap_count = clip_runs(p, runs, run_count, z, y, x, taps);
                } else {
                    source += (int64_t)x * s->dilation_width;
                }
                if (s->stride_width == 1) {
                    pack_neighbours(source, p->in_plane, channel_count, taps, tap_count, destination, step);
                } else if (s->stride_width == 2) {
                    pack_every_second(source, p->in_plane, channel_count, taps, tap_count, destination, step);
                } else {
                    pack_strided(source, p->in_plane, channel_count, s->stride_width, taps, tap_count, destination,
                                 step);
                }
            }
        }
    }
}

// Channel by channel over the whole block: long runs of memory, one page at a time.
static MPK_TARGET void pack_pointwise_block(const mpk_conv_plan *p, const float *input, int64_t channel_count,
                                            int64_t first_pixel, int64_t end_pixel, int64_t panel_floats,
                                            float *columns) {
    const int64_t width = MPK_TILE_VECTORS * MPK_LANES, image_floats = p->in_plane * p->shape.in_channels;
    int64_t source[MPK_MAX_BLOCK_PANELS], destination[MPK_MAX_BLOCK_PANELS];  // of the panels within one image
    int32_t whole = 0;
    for (int64_t pixel = first_pixel; pixel < end_pixel; pixel += width, columns += panel_floats) {
        const int64_t within = pixel % p->in_plane, count = end_pixel - pixel < width ? end_pixel - pixel : width;
        if (count == width && within + width <= p->in_plane) {
            source[whole] = pixel / p->in_plane * image_floats + within;
            destination[whole++] = (pixel - first_pixel) / width * panel_floats;
        } else {
            const int32_t vectors = (int32_t)((count + MPK_LANES - 1) / MPK_LANES);
            pack_columns(p, input, channel_count, pixel, (int32_t)count, vectors, (mpk_tap_range){0, 1}, columns);
        }
    }
    columns -= (end_pixel - first_pixel + width - 1) / width * panel_floats;
    for (int64_t c = 0; c < channel_count; c++) {
        for (int32_t i = 0; i < whole; i++) {
            const float *from = input + source[i] + c * p->in_plane;
            float *to = columns + destination[i] + c * width;
            for (int32_t v = 0; v < MPK_TILE_VECTORS * MPK_LANES; v += MPK_LANES) mpk_store(to + v, mpk_load(from + v));
        }
    }
}

// Between an image and a tile whose pixels span images: one masked move per vector, row and image.
MPK_INLINE void move_tile(const mpk_conv_plan *p, float *image, int32_t rows, int64_t first_pixel,
                          int32_t pixel_count, float *tile, const int to_tile) {
    const int64_t image_floats = p->out_plane * p->shape.out_channels;
    for (int32_t at = 0; at < pixel_count;) {
        const int64_t within = (first_pixel + at) % p->out_plane;
        const int64_t left_in_image = p->out_plane - within;
        const int32_t lane = at % MPK_LANES;
        int32_t length = MPK_LANES - lane < pixel_count - at ? MPK_LANES - lane : pixel_count - at;
        if (length > left_in_image) length = (int32_t)left_in_image;
        float *plane = image + (first_pixel + at) / p->out_plane * image_floats + within - lane;
        float *vector = tile + at - lane;
        const mpk_mask mask = mpk_mask_range(lane, lane + length);
        for (int32_t row = 0; row < rows; row++) {
            float *outside = plane + row * p->out_plane, *inside = vector + row * MPK_MAX_PANEL_WIDTH;
            if (to_tile) {
                mpk_store_masked(inside, mask, mpk_load_masked(mpk_splat(0), mask, outside));
            } else {
                mpk_store_masked(outside, mask, mpk_load(inside));
            }
        }
        at += length;
    }
}

static MPK_TARGET void gather_tile(const mpk_conv_plan *p, const float *image, int32_t rows, int64_t first_pixel,
                                   int32_t pixel_count, float *tile) {
    move_tile(p, (float *)(uintptr_t)image, rows, first_pixel, pixel_count, tile, 1);
}

static MPK_TARGET void scatter_tile(const mpk_conv_plan *p, float *image, int32_t rows, int64_t first_pixel,
                                    int32_t pixel_count, const float *tile) {
    move_tile(p, image, rows, first_pixel, pixel_count, (float *)(uintptr_t)tile, 0);
}
