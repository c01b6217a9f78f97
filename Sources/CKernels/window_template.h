// One tap of a sliding window for a vector of neighbouring output columns: which lanes read inside the row, and from
// where. Found once per strip of columns and used for all its rows. Compiled once per level.
#ifndef MPK_WINDOW_TEMPLATE_H
#define MPK_WINDOW_TEMPLATE_H

#include <stdint.h>

/// Taps per kernel row that are found in advance; wider kernels find them while they compute.
enum { mpk_known_taps = 16 };

/// Strips that are worked on side by side, row after row, so that memory is read in long runs.
enum { mpk_group_strips = 8 };

typedef struct {
    mpk_mask low, high;  // stride 1: low; stride 2: the two vectors of neighbours
    int32_t first, end;  // lanes inside the row
    int64_t offset;      // input column of lane 0, possibly outside
} column_tap;

/// Tap `x` (input columns from the window's start) of the output columns column ..< column + count.
MPK_INLINE column_tap make_column_tap(int64_t column, int32_t count, int64_t stride, int64_t pad, int64_t x,
                                      int64_t in_width) {
    column_tap tap = {.offset = column * stride - pad + x};
    const int64_t first = tap.offset >= 0 ? 0 : (-tap.offset + stride - 1) / stride;
    const int64_t end = in_width <= tap.offset ? 0 : (in_width - tap.offset + stride - 1) / stride;
    tap.first = (int32_t)(first < count ? first : count);
    tap.end = (int32_t)(end < count ? end : count);
    if (tap.first >= tap.end) {
        tap.first = tap.end = 0;
        tap.low = tap.high = mpk_mask_range(0, 0);
    } else if (stride == 2) {
        mpk_mask_every_second(tap.first, tap.end, &tap.low, &tap.high);
    } else {
        tap.low = tap.high = mpk_mask_range(tap.first, tap.end);
    }
    return tap;
}

/// The tap's values; lanes outside the row are `fill`, and their memory is not touched.
MPK_INLINE mpk_v load_column_tap(const float *row, const column_tap *tap, int64_t stride, mpk_v fill) {
    const float *source = row + tap->offset;
    if (stride == 1) return mpk_load_masked(fill, tap->low, source);
    if (stride == 2) {
        return mpk_even(mpk_load_masked(fill, tap->low, source),
                        mpk_load_masked(fill, tap->high, source + MPK_LANES));
    }
    float lanes[MPK_LANES];
    mpk_store(lanes, fill);
    for (int32_t lane = tap->first; lane < tap->end; lane++) lanes[lane] = source[lane * stride];
    return mpk_load(lanes);
}

/// Whether all memory that load_inner_tap reads lies inside the row.
MPK_INLINE int32_t is_inner_tap(const column_tap *tap, int64_t stride, int64_t in_width) {
    return tap->offset >= 0 && tap->offset + stride * MPK_LANES <= in_width;
}

/// The same values as load_column_tap for stride 1 or 2, without masks.
MPK_INLINE mpk_v load_inner_tap(const float *row, const column_tap *tap, int64_t stride) {
    const float *source = row + tap->offset;
    return stride == 1 ? mpk_load(source) : mpk_even(mpk_load(source), mpk_load(source + MPK_LANES));
}

#endif
