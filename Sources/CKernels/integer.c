// Integer products: packing, and which level computes.
#include <string.h>
#include "integer_internal.h"
#include "mpk_cpu.h"

static const mpk_integer_table *current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512:
        return __builtin_cpu_supports("avx512vnni") ? &mpk_integer_table_vnni : &mpk_integer_table_avx512;
    case MPK_CPU_AVX2: return &mpk_integer_table_avx2;
    default: break;
    }
#endif
    return &mpk_integer_table_portable;
}

static int16_t element(int32_t type, const void *from, int64_t index) {
    return type == MPK_INT8 ? ((const int8_t *)from)[index] : ((const uint8_t *)from)[index];
}

int64_t mpk_integer_row_length(int64_t depth) { return (depth + 1) & ~(int64_t)1; }

void mpk_integer_pack_row(int32_t type, const void *from, int32_t zero, int16_t *to, int64_t depth) {
    if (type == MPK_INT8) {
        for (int64_t i = 0; i < depth; i++) to[i] = (int16_t)(((const int8_t *)from)[i] - zero);
    } else {
        for (int64_t i = 0; i < depth; i++) to[i] = (int16_t)(((const uint8_t *)from)[i] - zero);
    }
    if (depth & 1) to[depth] = 0;
}

void mpk_integer_pack_panel(int32_t type, const void *from, int64_t depth, int64_t columns, int64_t first_column,
                            const int32_t *zeros, int32_t zero_step, int16_t *to) {
    const int64_t count = columns - first_column < MPK_INTEGER_PANEL ? columns - first_column : MPK_INTEGER_PANEL;
    memset(to, 0, (size_t)(mpk_integer_row_length(depth) * MPK_INTEGER_PANEL) * sizeof(int16_t));
    for (int64_t k = 0; k < depth; k++) {
        int16_t *pairs = to + (k / 2) * 2 * MPK_INTEGER_PANEL + (k & 1);
        for (int64_t column = 0; column < count; column++) {
            const int32_t zero = zeros[(first_column + column) * zero_step];
            pairs[2 * column] = (int16_t)(element(type, from, k * columns + first_column + column) - zero);
        }
    }
}

// Neighbouring output cells of one row: their place in the panel, and where the window of the first begins.
typedef struct {
    int64_t first, count;
    int64_t origin[3];
} cell_run;

// Cells of a run whose tap lies inside the image: those with 0 <= column + i * stride < width.
static void inside(int64_t column, int64_t stride, int64_t width, int64_t count, int64_t *first, int64_t *end) {
    *first = column >= 0 ? 0 : (stride - 1 - column) / stride;
    *end = column >= width ? 0 : (width - 1 - column) / stride + 1;
    if (*end > count) *end = count;
}

void mpk_integer_pack_patches(int32_t type, const mpk_integer_window *w, const void *image, int64_t channels,
                              int32_t zero, int64_t first_cell, int16_t *to) {
    const int64_t cells = w->out[0] * w->out[1] * w->out[2], plane = w->in[0] * w->in[1] * w->in[2];
    const int64_t total = cells - first_cell < MPK_INTEGER_PANEL ? cells - first_cell : MPK_INTEGER_PANEL;
    const int64_t depth = channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    memset(to, 0, (size_t)(mpk_integer_row_length(depth) * MPK_INTEGER_PANEL) * sizeof(int16_t));
    cell_run runs[MPK_INTEGER_PANEL];
    int64_t run_count = 0;
    for (int64_t i = 0; i < total;) {
        const int64_t cell = first_cell + i, column = cell % w->out[2], row = cell / w->out[2];
        const int64_t left = w->out[2] - column, count = left < total - i ? left : total - i;
        runs[run_count++] = (cell_run){.first = i,
                                       .count = count,
                                       .origin = {row / w->out[1] * w->stride[0] - w->before[0],
                                                  row % w->out[1] * w->stride[1] - w->before[1],
                                                  column * w->stride[2] - w->before[2]}};
        i += count;
    }
    const int64_t stride = w->stride[2], row_taps = w->kernel[1] * w->kernel[2], taps = w->kernel[0] * row_taps;
    for (int64_t k = 0; k < depth; k++) {
        const int64_t channel = k / taps, z = k % taps / row_taps, y = k % row_taps / w->kernel[2];
        const int64_t x = k % w->kernel[2];
        int16_t *pairs = to + (k / 2) * 2 * MPK_INTEGER_PANEL + (k & 1);
        for (int64_t r = 0; r < run_count; r++) {
            const int64_t slice = runs[r].origin[0] + z * w->dilation[0], row = runs[r].origin[1] + y * w->dilation[1];
            if (slice < 0 || slice >= w->in[0] || row < 0 || row >= w->in[1]) continue;
            const int64_t column = runs[r].origin[2] + x * w->dilation[2];
            int64_t first, end;
            inside(column, stride, w->in[2], runs[r].count, &first, &end);
            const int64_t at = channel * plane + (slice * w->in[1] + row) * w->in[2] + column;
            int16_t *cell = pairs + 2 * runs[r].first;
            if (type == MPK_INT8) {
                const int8_t *from = (const int8_t *)image;
                for (int64_t i = first; i < end; i++) cell[2 * i] = (int16_t)(from[at + i * stride] - zero);
            } else {
                const uint8_t *from = (const uint8_t *)image;
                for (int64_t i = first; i < end; i++) cell[2 * i] = (int16_t)(from[at + i * stride] - zero);
            }
        }
    }
}

void mpk_integer_product(const int16_t *rows, int64_t row_count, int64_t row_length, const int16_t *panel,
                         int32_t *output) {
    current_table()->product(rows, row_count, row_length, panel, output);
}

void mpk_integer_requantize(const int32_t *sums, const float *scales, int32_t scale_step, int32_t zero, int32_t type,
                            void *y, int64_t n) {
    current_table()->requantize(sums, scales, scale_step, zero, type, y, n);
}

void mpk_quantize(const float *x, const float *scales, const void *zeros, int32_t step, int32_t type, void *y,
                  int64_t n) {
    current_table()->quantize(x, scales, zeros, step, type, y, n);
}

void mpk_dequantize(int32_t type, const void *x, const float *scales, const void *zeros, int32_t step, float *y,
                    int64_t n) {
    current_table()->dequantize(type, x, scales, zeros, step, y, n);
}

void mpk_range(const float *x, float *lowest, float *highest, int64_t n) {
    current_table()->range(x, lowest, highest, n);
}
