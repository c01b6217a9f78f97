// Integer products and conversions, compiled once per level. Before it: a level header; MPK_MADD(sum, a, b), which
// multiplies pairs of int16 and adds the two products of each pair to an int32 lane; and MPK_INTEGER_TILE, the rows of a
// register tile. The conversions are plain loops that the compiler turns into the level's vectors.
#include "integer_internal.h"

// MARK: Products

// Two vectors of columns for `count` rows.
MPK_INLINE void integer_tile(const int16_t *rows, const int count, int64_t row_length, const int16_t *panel,
                             int32_t *output) {
    enum { vectors = 2 };
    mpk_vi sum[MPK_INTEGER_TILE][vectors];
#pragma clang loop unroll(full)
    for (int row = 0; row < count; row++) {
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[row][v] = (mpk_vi)(0);
    }
    for (int64_t k = 0; k < row_length; k += 2) {
        mpk_vi column[vectors];
        __builtin_memcpy(column, panel + k * MPK_INTEGER_PANEL, sizeof column);
#pragma clang loop unroll(full)
        for (int row = 0; row < count; row++) {
            int32_t pair;
            __builtin_memcpy(&pair, rows + row * row_length + k, sizeof pair);
            const mpk_vi factor = (mpk_vi)(pair);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[row][v] = MPK_MADD(sum[row][v], factor, column[v]);
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < count; row++) __builtin_memcpy(output + row * MPK_INTEGER_PANEL, sum[row], sizeof sum[row]);
}

static MPK_TARGET void run_product(const int16_t *rows, int64_t row_count, int64_t row_length, const int16_t *panel,
                                   int32_t *output) {
    for (int64_t first = 0; first < row_count; first += MPK_INTEGER_TILE) {
        const int64_t left = row_count - first, count = left < MPK_INTEGER_TILE ? left : MPK_INTEGER_TILE;
        for (int column = 0; column < MPK_INTEGER_PANEL; column += 2 * MPK_LANES) {
            const int16_t *from = rows + first * row_length, *with = panel + 2 * column;
            int32_t *to = output + first * MPK_INTEGER_PANEL + column;
            switch (count) {
            case 1: integer_tile(from, 1, row_length, with, to); break;
            case 2: integer_tile(from, 2, row_length, with, to); break;
            case 3: integer_tile(from, 3, row_length, with, to); break;
            case 4: integer_tile(from, 4, row_length, with, to); break;
#if MPK_INTEGER_TILE > 4
            case 5: integer_tile(from, 5, row_length, with, to); break;
            case 6: integer_tile(from, 6, row_length, with, to); break;
            case 7: integer_tile(from, 7, row_length, with, to); break;
            case 8: integer_tile(from, 8, row_length, with, to); break;
#endif
            default: break;
            }
        }
    }
}

// MARK: Conversions

/// The nearest integer of lower ... upper, half to even. Limits are whole and below 2^22, so that adding 1.5 * 2^23
/// rounds what is between them. NaN becomes the lower limit.
MPK_INLINE int32_t round_within(float x, float lower, float upper) {
    x = x > lower ? x : lower;
    x = x < upper ? x : upper;
    const float shifted = x + 12582912.0f;
    return (int32_t)(shifted - 12582912.0f);
}

#define MPK_QUANTIZE(type, low, high)                                                                                 \
    static MPK_TARGET void quantize_##type(const float *x, const float *scales, const type *zeros, int32_t step,      \
                                           type *y, int64_t n) {                                                      \
        if (step == 0) {                                                                                              \
            const int32_t zero = zeros ? zeros[0] : 0;                                                                \
            const float scale = scales[0], lower = (float)(low - zero), upper = (float)(high - zero);                 \
            for (int64_t i = 0; i < n; i++) y[i] = (type)(round_within(x[i] / scale, lower, upper) + zero);           \
            return;                                                                                                   \
        }                                                                                                             \
        for (int64_t i = 0; i < n; i++) {                                                                             \
            const int32_t zero = zeros ? zeros[i] : 0;                                                                \
            y[i] = (type)(round_within(x[i] / scales[i], (float)(low - zero), (float)(high - zero)) + zero);          \
        }                                                                                                             \
    }

MPK_QUANTIZE(uint8_t, 0, 255)
MPK_QUANTIZE(int8_t, -128, 127)
MPK_QUANTIZE(uint16_t, 0, 65535)
MPK_QUANTIZE(int16_t, -32768, 32767)

static MPK_TARGET void run_quantize(const float *x, const float *scales, const void *zeros, int32_t step, int32_t type,
                                    void *y, int64_t n) {
    switch (type) {
    case MPK_UINT8: quantize_uint8_t(x, scales, zeros, step, y, n); break;
    case MPK_INT8: quantize_int8_t(x, scales, zeros, step, y, n); break;
    case MPK_UINT16: quantize_uint16_t(x, scales, zeros, step, y, n); break;
    case MPK_INT16: quantize_int16_t(x, scales, zeros, step, y, n); break;
    default: break;
    }
}

// The difference of two numbers of 32 bits wraps.
#define MPK_DEQUANTIZE(type)                                                                                          \
    static MPK_TARGET void dequantize_##type(const type *x, const float *scales, const type *zeros, int32_t step,     \
                                             float *y, int64_t n) {                                                   \
        if (step == 0) {                                                                                              \
            const uint32_t zero = zeros ? (uint32_t)zeros[0] : 0;                                                     \
            const float scale = scales[0];                                                                            \
            for (int64_t i = 0; i < n; i++) y[i] = (float)(int32_t)((uint32_t)x[i] - zero) * scale;                   \
            return;                                                                                                   \
        }                                                                                                             \
        for (int64_t i = 0; i < n; i++) {                                                                             \
            const uint32_t zero = zeros ? (uint32_t)zeros[i] : 0;                                                     \
            y[i] = (float)(int32_t)((uint32_t)x[i] - zero) * scales[i];                                               \
        }                                                                                                             \
    }

MPK_DEQUANTIZE(uint8_t)
MPK_DEQUANTIZE(int8_t)
MPK_DEQUANTIZE(uint16_t)
MPK_DEQUANTIZE(int16_t)
MPK_DEQUANTIZE(int32_t)

static MPK_TARGET void run_dequantize(int32_t type, const void *x, const float *scales, const void *zeros,
                                      int32_t step, float *y, int64_t n) {
    switch (type) {
    case MPK_UINT8: dequantize_uint8_t(x, scales, zeros, step, y, n); break;
    case MPK_INT8: dequantize_int8_t(x, scales, zeros, step, y, n); break;
    case MPK_UINT16: dequantize_uint16_t(x, scales, zeros, step, y, n); break;
    case MPK_INT16: dequantize_int16_t(x, scales, zeros, step, y, n); break;
    case MPK_INT32: dequantize_int32_t(x, scales, zeros, step, y, n); break;
    default: break;
    }
}

static MPK_TARGET void run_requantize(const int32_t *sums, const float *scales, int32_t scale_step, int32_t zero,
                                      int32_t type, void *y, int64_t n) {
    // Both types keep the low eight bits.
    uint8_t *bytes = y;
    const int32_t low = type == MPK_INT8 ? -128 : 0, high = type == MPK_INT8 ? 127 : 255;
    const float lower = (float)(low - zero), upper = (float)(high - zero);
    if (scale_step == 0) {
        const float scale = scales[0];
        for (int64_t i = 0; i < n; i++) bytes[i] = (uint8_t)(round_within((float)sums[i] * scale, lower, upper) + zero);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(round_within((float)sums[i] * scales[i], lower, upper) + zero);
    }
}

static MPK_TARGET void run_range(const float *x, float *lowest, float *highest, int64_t n) {
    mpk_v low = mpk_splat(*lowest), high = mpk_splat(*highest);
    int64_t i = 0;
    for (; i + MPK_LANES <= n; i += MPK_LANES) {
        const mpk_v value = mpk_load(x + i);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    for (int lane = 0; lane < MPK_LANES; lane++) {
        *lowest = low[lane] < *lowest ? low[lane] : *lowest;
        *highest = high[lane] > *highest ? high[lane] : *highest;
    }
    for (; i < n; i++) {
        *lowest = x[i] < *lowest ? x[i] : *lowest;
        *highest = x[i] > *highest ? x[i] : *highest;
    }
}

#define MPK_INTEGER_TABLE                                                                                             \
    {.product = run_product, .requantize = run_requantize, .quantize = run_quantize, .dequantize = run_dequantize,    \
     .range = run_range}
