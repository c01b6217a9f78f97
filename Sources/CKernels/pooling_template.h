// Pooling of planes in strips one vector wide, compiled once per level.
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

MPK_INLINE void pool_plane(const mpk_pool_shape *s, const float *input, float *output, const int is_max,
                           const int kernel_width, const int stride) {
    const mpk_v nothing = mpk_splat(is_max ? -INFINITY : 0);
    for (int64_t column = 0; column < s->out_width; column += MPK_LANES) {
        const int64_t left = s->out_width - column;
        const int32_t count = left < MPK_LANES ? (int32_t)left : MPK_LANES;
        column_tap taps[mpk_known_taps];
        for (int x = 0; x < kernel_width && x < mpk_known_taps; x++) {
            taps[x] = make_column_tap(column, count, stride, s->pad_left, (int64_t)x * s->dilation_width, s->in_width);
        }
        float cells[MPK_LANES];  // per output column
        for (int lane = 0; lane < MPK_LANES; lane++) {
            const int64_t start = (column + lane) * stride - s->pad_left;
            cells[lane] = (float)counted_cells(s, start, kernel_width, s->dilation_width, s->in_width, s->pad_right);
        }
        for (int64_t row = 0; row < s->out_height; row++) {
            const int64_t top = row * s->stride_height - s->pad_top;
            mpk_v result = nothing;
            for (int32_t y = 0; y < s->kernel_height; y++) {
                const int64_t in_row = top + (int64_t)y * s->dilation_height;
                if (in_row < 0 || in_row >= s->in_height) continue;
                const float *source = input + in_row * s->in_width;
                for (int x = 0; x < kernel_width; x++) {
                    const column_tap tap = x < mpk_known_taps
                                               ? taps[x]
                                               : make_column_tap(column, count, stride, s->pad_left,
                                                                 (int64_t)x * s->dilation_width, s->in_width);
                    const mpk_v value = load_column_tap(source, &tap, stride, nothing);
                    result = is_max ? mpk_larger_or_nan(result, value) : result + value;
                }
            }
            if (!is_max) {
                const int64_t rows = counted_cells(s, top, s->kernel_height, s->dilation_height, s->in_height,
                                                   s->pad_bottom);
                const mpk_v divisor = mpk_load(cells) * (float)rows;
                result = divisor > 0.0f ? result / divisor : mpk_splat(0);
            }
            mpk_store_first(output + row * s->out_width + column, count, result);
        }
    }
}

MPK_INLINE void pool_planes(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                            int64_t plane_count, const int is_max) {
    const int64_t in_plane = (int64_t)s->in_height * s->in_width, out_plane = (int64_t)s->out_height * s->out_width;
    for (int64_t plane = first_plane; plane < first_plane + plane_count; plane++) {
        const float *from = input + plane * in_plane;
        float *to = output + plane * out_plane;
        if (s->kernel_width == 3 && s->stride_width == 2) pool_plane(s, from, to, is_max, 3, 2);
        else if (s->kernel_width == 2 && s->stride_width == 2) pool_plane(s, from, to, is_max, 2, 2);
        else if (s->kernel_width == 3 && s->stride_width == 1) pool_plane(s, from, to, is_max, 3, 1);
        else pool_plane(s, from, to, is_max, s->kernel_width, s->stride_width);
    }
}

static MPK_TARGET void run_max_pool(const mpk_pool_shape *s, const float *input, float *output, int64_t first_plane,
                                    int64_t plane_count) {
    pool_planes(s, input, output, first_plane, plane_count, 1);
}

static MPK_TARGET void run_average_pool(const mpk_pool_shape *s, const float *input, float *output,
                                        int64_t first_plane, int64_t plane_count) {
    pool_planes(s, input, output, first_plane, plane_count, 0);
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
