// Depthwise convolution of one plane, in strips one vector wide; compiled once per level.
#include "conv_internal.h"
#include "window_template.h"

typedef struct {
    const mpk_conv_plan *plan;
    const float *input;     // [in_depth][in_height][in_width]
    const float *weights;   // [kernel_depth][kernel_height][kernel_width]
    const float *residual;  // [out_depth][out_height][out_width] or null
    float *output;          // [out_depth][out_height][out_width]
    float bias, lower, upper;
} depthwise_job;

MPK_INLINE void finish_depthwise(const depthwise_job *job, int64_t at, int32_t count, mpk_v sum) {
    if (job->residual) sum += mpk_load_first(job->residual + at, count);
    const mpk_v clipped = mpk_min(mpk_splat(job->upper), mpk_max(mpk_splat(job->lower), sum));
    mpk_store_first(job->output + at, count, clipped);
}

// A square kernel, `rows` output rows at a time: an input vector is loaded once for all rows it serves. These are
// neighbours without dilation, and `step` rows apart, which is the dilation, with it; with a stride as well none share
// input rows, and `rows` is 1. An output still receives its taps in the order of the kernel.
MPK_INLINE void depthwise_block(const depthwise_job *job, const column_tap *taps, int64_t column, int32_t count,
                                int64_t row, int64_t step, const int rows, const int side, const int stride,
                                const int inside) {
    const mpk_conv_shape *s = &job->plan->shape;
    const int64_t at = row * s->out_width + column, top = row * stride - s->pad_top;
    mpk_v sum[4];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sum[r] = mpk_splat(job->bias);
#pragma clang loop unroll(full)
    for (int y = 0; y < (rows - 1) * stride + side; y++) {
        const int64_t in_row = top + y * step;
        if (in_row < 0 || in_row >= s->in_height) continue;
        const float *source = job->input + in_row * s->in_width;
#pragma clang loop unroll(full)
        for (int x = 0; x < side; x++) {
            const mpk_v value = inside ? load_inner_tap(source, &taps[x], stride)
                                       : load_column_tap(source, &taps[x], stride, mpk_splat(0));
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                const int kernel_row = y - r * stride;
                if (kernel_row < 0 || kernel_row >= side) continue;
                sum[r] = mpk_fma(mpk_splat(job->weights[kernel_row * side + x]), value, sum[r]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) finish_depthwise(job, at + r * step * s->out_width, count, sum[r]);
}

typedef struct {
    int64_t column;
    int32_t count;
    int32_t inside;  // no tap leaves the row
    column_tap taps[5];
} depthwise_strip;

// The output rows row, row + spacing, row + 2 * spacing, row + 3 * spacing, as far as they lie before `end`.
MPK_INLINE void depthwise_rows(const depthwise_job *job, const depthwise_strip *strips, int32_t strip_count,
                               int64_t row, int64_t end, int64_t spacing, const int side, const int stride) {
    const int64_t step = job->plan->shape.dilation_height;
    if (row + 3 * spacing < end && (step == 1 || stride == 1)) {
        for (int32_t i = 0; i < strip_count; i++) {
            const depthwise_strip strip = strips[i];  // a copy, whose masks can stay in registers
            if (strip.inside) {
                depthwise_block(job, strip.taps, strip.column, strip.count, row, step, 4, side, stride, 1);
            } else {
                depthwise_block(job, strip.taps, strip.column, strip.count, row, step, 4, side, stride, 0);
            }
        }
        return;
    }
    for (int i = 0; i < 4 && row < end; i++, row += spacing) {
        for (const depthwise_strip *strip = strips; strip < strips + strip_count; strip++) {
            if (strip->inside) {
                depthwise_block(job, strip->taps, strip->column, strip->count, row, step, 1, side, stride, 1);
            } else {
                depthwise_block(job, strip->taps, strip->column, strip->count, row, step, 1, side, stride, 0);
            }
        }
    }
}

MPK_INLINE void depthwise_square(const depthwise_job *job, int64_t first_row, int64_t row_count, const int side,
                                 const int stride) {
    const mpk_conv_shape *s = &job->plan->shape;
    const int64_t end = first_row + row_count, spacing = stride == 1 ? s->dilation_height : 1;
    for (int64_t group = 0; group < s->out_width; group += mpk_group_strips * MPK_LANES) {
        depthwise_strip strips[mpk_group_strips];
        int32_t strip_count = 0;
        for (; strip_count < mpk_group_strips && group + strip_count * MPK_LANES < s->out_width; strip_count++) {
            depthwise_strip *strip = &strips[strip_count];
            strip->column = group + strip_count * MPK_LANES;
            const int64_t left = s->out_width - strip->column;
            strip->count = left < MPK_LANES ? (int32_t)left : MPK_LANES;
            for (int x = 0; x < side; x++) {
                strip->taps[x] = make_column_tap(strip->column, strip->count, stride, s->pad_left,
                                                 (int64_t)x * s->dilation_width, s->in_width);
            }
            strip->inside = is_inner_tap(&strip->taps[0], stride, s->in_width) &&
                            is_inner_tap(&strip->taps[side - 1], stride, s->in_width);
        }
        for (int64_t base = first_row; base < end; base += 4 * spacing) {
            for (int64_t row = base; row < base + spacing && row < end; row++) {
                depthwise_rows(job, strips, strip_count, row, end, spacing, side, stride);
            }
        }
    }
}

static MPK_TARGET void depthwise_any(const depthwise_job *job, int64_t first_row, int64_t row_count) {
    const mpk_conv_shape *s = &job->plan->shape;
    for (int64_t column = 0; column < s->out_width; column += MPK_LANES) {
        const int64_t left = s->out_width - column;
        const int32_t count = left < MPK_LANES ? (int32_t)left : MPK_LANES;
        column_tap taps[mpk_known_taps];
        for (int32_t x = 0; x < s->kernel_width && x < mpk_known_taps; x++) {
            taps[x] = make_column_tap(column, count, s->stride_width, s->pad_left, (int64_t)x * s->dilation_width,
                                      s->in_width);
        }
        for (int64_t row = first_row; row < first_row + row_count; row++) {
            const int64_t at = row * s->out_width + column;
            const int64_t top = row % s->out_height * s->stride_height - s->pad_top;
            const int64_t front = row / s->out_height * s->stride_depth - s->pad_front;
            mpk_v sum = mpk_splat(job->bias);
            for (int32_t line = 0; line < s->kernel_depth * s->kernel_height; line++) {
                const int64_t in_slice = front + (int64_t)(line / s->kernel_height) * s->dilation_depth;
                const int64_t in_row = top + (int64_t)(line % s->kernel_height) * s->dilation_height;
                if (in_slice < 0 || in_slice >= s->in_depth || in_row < 0 || in_row >= s->in_height) continue;
                const float *source = job->input + (in_slice * s->in_height + in_row) * s->in_width;
                for (int32_t x = 0; x < s->kernel_width; x++) {
                    const column_tap tap =
                        x < mpk_known_taps ? taps[x]
                                           : make_column_tap(column, count, s->stride_width, s->pad_left,
                                                             (int64_t)x * s->dilation_width, s->in_width);
                    const mpk_v value = load_column_tap(source, &tap, s->stride_width, mpk_splat(0));
                    sum = mpk_fma(mpk_splat(job->weights[(int64_t)line * s->kernel_width + x]), value, sum);
                }
            }
            finish_depthwise(job, at, count, sum);
        }
    }
}

static MPK_TARGET void run_depthwise_rows(const mpk_conv_plan *p, const float *input, const float *weights,
                                          float bias, const float *residual, float lower, float upper,
                                          int64_t first_row, int64_t row_count, float *output) {
    const mpk_conv_shape *s = &p->shape;
    const depthwise_job job = {p, input, weights, residual, output, bias, lower, upper};
    const int32_t plain = s->kernel_depth == 1 && s->in_depth == 1 && s->out_depth == 1 && s->pad_front == 0 &&
                          s->kernel_height == s->kernel_width && s->stride_height == s->stride_width;
    const int32_t kind = plain ? s->kernel_height * 10 + s->stride_height : 0;
    switch (kind) {
    case 31: depthwise_square(&job, first_row, row_count, 3, 1); break;
    case 32: depthwise_square(&job, first_row, row_count, 3, 2); break;
    case 51: depthwise_square(&job, first_row, row_count, 5, 1); break;
    case 52: depthwise_square(&job, first_row, row_count, 5, 2); break;
    default: depthwise_any(&job, first_row, row_count); break;
    }
}
