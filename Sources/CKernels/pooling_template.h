// Pooling of volumes in strips one vector wide, compiled once per level.
#include <math.h>
#include "pooling_internal.h"
#include "reduction_template.h"
#include "window_template.h"

// Cells first ..< end of a window that lie in 0 ..< limit, for a window of `taps` cells `dilation` apart from `start`.
MPK_INLINE int64_t cells_inside(int64_t start, int64_t taps, int64_t dilation, int64_t low, int64_t limit) {
    const int64_t first = start >= low ? 0 : (low - start + dilation - 1) / dilation;
    const int64_t end = limit <= start ? 0 : (limit - start + dilation - 1) / dilation;
    const int64_t last = end < taps ? end : taps;
    return last > first ? last - first : 0;
}

// The cells of a window that count for the average, along one axis.
MPK_INLINE int64_t counted_cells(const mpk_pool_shape *s, int64_t start, int64_t taps, int64_t dilation, int64_t size,
                                 int64_t pad_after) {
    if (!s->count_include_pad) return cells_inside(start, taps, dilation, 0, size);
    return cells_inside(start, taps, dilation, INT64_MIN / 2, size + pad_after);
}

// One strip: a vector of output columns.
typedef struct {
    int64_t column;
    int32_t count;
    column_tap taps[mpk_known_taps];
    mpk_v cells;  // counted per window row, for the average
} pool_strip;

MPK_INLINE void make_pool_strip(const mpk_pool_shape *s, int64_t column, pool_strip *strip) {
    const int64_t left = s->out_width - column;
    strip->column = column;
    strip->count = left < MPK_LANES ? (int32_t)left : MPK_LANES;
    for (int x = 0; x < s->kernel_width && x < mpk_known_taps; x++) {
        strip->taps[x] = make_column_tap(column, strip->count, s->stride_width, s->pad_left,
                                         (int64_t)x * s->dilation_width, s->in_width);
    }
    for (int lane = 0; lane < MPK_LANES; lane++) {
        const int64_t start = (column + lane) * s->stride_width - s->pad_left;
        strip->cells[lane] =
            (float)counted_cells(s, start, s->kernel_width, s->dilation_width, s->in_width, s->pad_right);
    }
}

MPK_INLINE column_tap tap_of_strip(const mpk_pool_shape *s, const pool_strip *strip, int32_t x, const int stride) {
    return x < mpk_known_taps ? strip->taps[x]
                              : make_column_tap(strip->column, strip->count, stride, s->pad_left,
                                                (int64_t)x * s->dilation_width, s->in_width);
}

// What a window is folded into.
enum { pool_max, pool_average, pool_norm1, pool_norm2 };

MPK_INLINE mpk_v pool_step(mpk_v result, mpk_v value, const int kind) {
    switch (kind) {
    case pool_max: return mpk_larger_or_nan(result, value);
    case pool_average: return result + value;
    case pool_norm1: return result + mpk_max(value, -value);
    default: return mpk_fma(value, value, result);
    }
}

MPK_INLINE mpk_v pool_window(const mpk_pool_shape *s, const pool_strip *strip, const float *input, int64_t front,
                             int64_t top, const int kind, const int kernel_width, const int stride) {
    const mpk_v nothing = mpk_splat(kind == pool_max ? -INFINITY : 0);
    mpk_v result = nothing;
    for (int32_t z = 0; z < s->kernel_depth; z++) {
        const int64_t in_slice = front + (int64_t)z * s->dilation_depth;
        if (in_slice < 0 || in_slice >= s->in_depth) continue;
        for (int32_t y = 0; y < s->kernel_height; y++) {
            const int64_t in_row = top + (int64_t)y * s->dilation_height;
            if (in_row < 0 || in_row >= s->in_height) continue;
            const float *source = input + (in_slice * s->in_height + in_row) * s->in_width;
            for (int x = 0; x < kernel_width; x++) {
                const column_tap tap = tap_of_strip(s, strip, x, stride);
                result = pool_step(result, load_column_tap(source, &tap, stride, nothing), kind);
            }
        }
    }
    return result;
}

// The largest of the rows of each window, column by column: what is left is one row of windows. Two sweeps compare far
// less often than one sweep over each window.
MPK_INLINE void largest_rows(const mpk_pool_shape *s, const float *input, int64_t front, int64_t top,
                             int64_t first_column, int64_t end_column, float *largest) {
    int32_t is_first = 1;
    for (int32_t z = 0; z < s->kernel_depth; z++) {
        const int64_t in_slice = front + (int64_t)z * s->dilation_depth;
        if (in_slice < 0 || in_slice >= s->in_depth) continue;
        for (int32_t y = 0; y < s->kernel_height; y++) {
            const int64_t in_row = top + (int64_t)y * s->dilation_height;
            if (in_row < 0 || in_row >= s->in_height) continue;
            const float *source = input + (in_slice * s->in_height + in_row) * s->in_width;
            for (int64_t x = first_column; x < end_column; x += MPK_LANES) {
                const int64_t left = end_column - x;
                float *to = largest + (x - first_column);
                const mpk_v value = left >= MPK_LANES ? mpk_load(source + x) : mpk_load_first(source + x, (int32_t)left);
                mpk_store(to, is_first ? value : mpk_larger_or_nan(mpk_load(to), value));
            }
            is_first = 0;
        }
    }
    for (int64_t x = first_column; is_first && x < end_column; x += MPK_LANES) {
        mpk_store(largest + (x - first_column), mpk_splat(-INFINITY));
    }
}

// Most input columns under the windows of one group of strips.
enum { mpk_swept_columns = 1024 };

// Whether windows are taken in two sweeps. This must not depend on the level: of +0 and -0 the one compared last stays.
MPK_INLINE int32_t pools_in_sweeps(const mpk_pool_shape *s) {
    const int64_t reach = (int64_t)(s->kernel_width - 1) * s->dilation_width + 1;
    return s->kernel_depth * s->kernel_height > 1 &&
           (int64_t)s->stride_width * mpk_group_strips * 16 + reach <= mpk_swept_columns;
}

MPK_INLINE void sweep_strips(const mpk_pool_shape *s, const pool_strip *strips, int32_t strip_count,
                             const float *input, float *output, const int kernel_width, const int stride) {
    float largest[mpk_swept_columns + MPK_LANES];
    const pool_strip *last = &strips[strip_count - 1];
    const int64_t start = strips[0].column * stride - s->pad_left;
    const int64_t stop = (last->column + last->count - 1) * stride - s->pad_left +
                         (int64_t)(kernel_width - 1) * s->dilation_width + 1;
    const int64_t first_column = start > 0 ? start : 0, end_column = stop < s->in_width ? stop : s->in_width;
    for (int64_t row = 0; row < (int64_t)s->out_depth * s->out_height; row++) {
        const int64_t front = row / s->out_height * s->stride_depth - s->pad_front;
        const int64_t top = row % s->out_height * s->stride_height - s->pad_top;
        largest_rows(s, input, front, top, first_column, end_column, largest);
        for (int32_t i = 0; i < strip_count; i++) {
            mpk_v result = mpk_splat(-INFINITY);
            for (int x = 0; x < kernel_width; x++) {
                const column_tap tap = tap_of_strip(s, &strips[i], x, stride);
                const mpk_v value = load_column_tap(largest - first_column, &tap, stride, mpk_splat(-INFINITY));
                result = mpk_larger_or_nan(result, value);
            }
            mpk_store_first(output + row * s->out_width + strips[i].column, strips[i].count, result);
        }
    }
}

MPK_INLINE void pool_strips(const mpk_pool_shape *s, const pool_strip *strips, int32_t strip_count,
                            const float *input, float *output, const int kind, const int kernel_width,
                            const int stride) {
    if (kind == pool_max && pools_in_sweeps(s)) {
        sweep_strips(s, strips, strip_count, input, output, kernel_width, stride);
        return;
    }
    for (int64_t row = 0; row < (int64_t)s->out_depth * s->out_height; row++) {
        const int64_t front = row / s->out_height * s->stride_depth - s->pad_front;
        const int64_t top = row % s->out_height * s->stride_height - s->pad_top;
        float rows = 0;
        if (kind == pool_average) {
            rows = (float)counted_cells(s, front, s->kernel_depth, s->dilation_depth, s->in_depth, s->pad_back) *
                   (float)counted_cells(s, top, s->kernel_height, s->dilation_height, s->in_height, s->pad_bottom);
        }
        for (int32_t i = 0; i < strip_count; i++) {
            mpk_v result = pool_window(s, &strips[i], input, front, top, kind, kernel_width, stride);
            if (kind == pool_average) {
                const mpk_v divisor = strips[i].cells * rows;
                result = divisor > 0.0f ? result / divisor : mpk_splat(0);
            }
            if (kind == pool_norm2) result = __builtin_elementwise_sqrt(result);
            mpk_store_first(output + row * s->out_width + strips[i].column, strips[i].count, result);
        }
    }
}

MPK_INLINE void pool_planes(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                            int64_t plane_count, const int kind) {
    const int64_t in_plane = (int64_t)s->in_depth * s->in_height * s->in_width;
    const int64_t out_plane = (int64_t)s->out_depth * s->out_height * s->out_width;
    for (int64_t column = 0; column < s->out_width; column += mpk_group_strips * MPK_LANES) {
        pool_strip strips[mpk_group_strips];
        int32_t count = 0;
        for (; count < mpk_group_strips && column + count * MPK_LANES < s->out_width; count++) {
            make_pool_strip(s, column + count * MPK_LANES, &strips[count]);
        }
        for (int64_t plane = first_plane; plane < first_plane + plane_count; plane++) {
            const float *from = input + plane * in_plane;
            float *to = output + plane * out_plane;
            const int32_t width = s->kernel_width, stride = s->stride_width;
            if (width == 3 && stride == 2) pool_strips(s, strips, count, from, to, kind, 3, 2);
            else if (width == 2 && stride == 2) pool_strips(s, strips, count, from, to, kind, 2, 2);
            else if (width == 3 && stride == 1) pool_strips(s, strips, count, from, to, kind, 3, 1);
            else pool_strips(s, strips, count, from, to, kind, width, stride);
        }
    }
}

static MPK_TARGET void run_max_pool(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                                    int64_t plane_count) {
    pool_planes(s, input, output, first_plane, plane_count, pool_max);
}

static MPK_TARGET void run_average_pool(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                                    int64_t plane_count) {
    pool_planes(s, input, output, first_plane, plane_count, pool_average);
}

static MPK_TARGET void run_norm1_pool(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                                    int64_t plane_count) {
    pool_planes(s, input, output, first_plane, plane_count, pool_norm1);
}

static MPK_TARGET void run_norm2_pool(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                                    int64_t plane_count) {
    pool_planes(s, input, output, first_plane, plane_count, pool_norm2);
}

static MPK_TARGET void run_global_average_pool(const float *input, float *output, int64_t pixels,
                                               int64_t first_plane, int64_t plane_count) {
    for (int64_t plane = first_plane; plane < first_plane + plane_count; plane++) {
        const float *x = input + plane * pixels;
        MPK_ROW_SUM(sum, x, pixels, value);
        output[plane] = sum / (float)pixels;
    }
}

static MPK_TARGET void run_global_max_pool(const float *input, float *output, int64_t pixels, int64_t first_plane,
                                           int64_t plane_count) {
    for (int64_t plane = first_plane; plane < first_plane + plane_count; plane++) {
        output[plane] = mpk_row_max(input + plane * pixels, pixels);
    }
}
