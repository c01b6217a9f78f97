// Integer products: packing, and which level computes.
#include <string.h>
#include "integer_internal.h"
#include "mpk_cpu.h"

static const mpk_integer_table *current_table(void) {
#if defined(__x86_64__)
    switch (mpk_cpu_level()) {
    case MPK_CPU_AVX512: return &mpk_integer_table_avx512;
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

void mpk_integer_pack_patches(int32_t type, const mpk_integer_window *w, const void *image, int64_t channels,
                              int32_t zero, int64_t first_cell, int16_t *to) {
    const int64_t cells = w->out[0] * w->out[1] * w->out[2], plane = w->in[0] * w->in[1] * w->in[2];
    const int64_t count = cells - first_cell < MPK_INTEGER_PANEL ? cells - first_cell : MPK_INTEGER_PANEL;
    const int64_t depth = channels * w->kernel[0] * w->kernel[1] * w->kernel[2];
    memset(to, 0, (size_t)(mpk_integer_row_length(depth) * MPK_INTEGER_PANEL) * sizeof(int16_t));
    // Where the window of each cell begins.
    int64_t origin[3][MPK_INTEGER_PANEL];
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = first_cell + i;
        for (int axis = 2; axis >= 0; axis--) {
            origin[axis][i] = rest % w->out[axis] * w->stride[axis] - w->before[axis];
            rest /= w->out[axis];
        }
    }
    int64_t k = 0;
    for (int64_t channel = 0; channel < channels; channel++) {
        for (int64_t z = 0; z < w->kernel[0]; z++) {
            for (int64_t y = 0; y < w->kernel[1]; y++) {
                for (int64_t x = 0; x < w->kernel[2]; x++, k++) {
                    int16_t *pairs = to + (k / 2) * 2 * MPK_INTEGER_PANEL + (k & 1);
                    for (int64_t i = 0; i < count; i++) {
                        const int64_t slice = origin[0][i] + z * w->dilation[0];
                        const int64_t row = origin[1][i] + y * w->dilation[1];
                        const int64_t column = origin[2][i] + x * w->dilation[2];
                        if (slice < 0 || slice >= w->in[0] || row < 0 || row >= w->in[1] || column < 0 ||
                            column >= w->in[2]) {
                            continue;
                        }
                        const int64_t at = channel * plane + (slice * w->in[1] + row) * w->in[2] + column;
                        pairs[2 * i] = (int16_t)(element(type, image, at) - zero);
                    }
                }
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
