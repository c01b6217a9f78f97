// Transposing blocks of floats four by four, which every level does in registers.
#ifndef MPK_TRANSPOSE_TEMPLATE_H
#define MPK_TRANSPOSE_TEMPLATE_H

#include <stdint.h>

typedef float mpk_four __attribute__((ext_vector_type(4)));

MPK_INLINE mpk_four mpk_load_four(const float *p) {
    mpk_four value;
    __builtin_memcpy(&value, p, sizeof value);
    return value;
}

MPK_INLINE void mpk_store_four(float *p, mpk_four value) { __builtin_memcpy(p, &value, sizeof value); }

/// to[column][row] = factor * from[row][column]; rows lie from_stride and to_stride floats apart.
MPK_INLINE void mpk_transpose(const float *from, int64_t from_stride, float *to, int64_t to_stride, int64_t rows,
                              int64_t columns, float factor) {
    int64_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        const float *source = from + row * from_stride;
        float *target = to + row;
        int64_t column = 0;
        for (; column + 4 <= columns; column += 4) {
            const mpk_four a = mpk_load_four(source + column) * factor;
            const mpk_four b = mpk_load_four(source + from_stride + column) * factor;
            const mpk_four c = mpk_load_four(source + 2 * from_stride + column) * factor;
            const mpk_four d = mpk_load_four(source + 3 * from_stride + column) * factor;
            const mpk_four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            const mpk_four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            const mpk_four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            const mpk_four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            float *line = target + column * to_stride;
            mpk_store_four(line, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
            mpk_store_four(line + to_stride, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
            mpk_store_four(line + 2 * to_stride, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
            mpk_store_four(line + 3 * to_stride, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
        }
        for (; column < columns; column++) {
            for (int64_t i = 0; i < 4; i++) target[column * to_stride + i] = source[i * from_stride + column] * factor;
        }
    }
    for (; row < rows; row++) {
        for (int64_t column = 0; column < columns; column++) {
            to[column * to_stride + row] = from[row * from_stride + column] * factor;
        }
    }
}

#endif
