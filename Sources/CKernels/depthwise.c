// Depthwise convolution: every output channel reads one input channel, so there is no product to tile and the planes
// are convolved directly. A task takes a range of output rows counted over all images and channels.
#include "activation_internal.h"
#include "conv_internal.h"
#include "mpk_elementwise.h"

void mpk_conv_run_depthwise(const mpk_conv_plan *p, const mpk_conv_table *table, const float *input,
                            const float *weights, const mpk_epilogue *e, float *output, int64_t task,
                            int64_t task_count) {
    const int64_t channels = p->shape.out_channels, width = p->shape.out_width;
    const int64_t height = (int64_t)p->shape.out_depth * p->shape.out_height;  // rows of a channel
    const int64_t planes = p->shape.batch * channels;
    float lower, upper;
    const int32_t clips = mpk_activation_as_clip(e, &lower, &upper);
    // Whole planes when there are enough of them, else rows.
    const int64_t rows_per_unit = planes >= 4 * task_count ? height : 1;
    const int64_t units = planes * height / rows_per_unit;
    const int64_t first = task * units / task_count * rows_per_unit;
    const int64_t end = (task + 1) * units / task_count * rows_per_unit;
    for (int64_t row = first; row < end;) {
        const int64_t plane = row / height, within = row % height;
        const int64_t count = end - row < height - within ? end - row : height - within;
        const int64_t channel = plane % channels, image = plane / channels;
        const float *source = input + (image * p->shape.in_channels + channel / p->group_out) * p->in_plane;
        const int64_t offset = plane * p->out_plane;
        table->depthwise(p, source, weights + channel * p->taps, e->bias ? e->bias[channel] : 0,
                         e->residual ? e->residual + offset : 0, lower, upper, within, count, output + offset);
        if (!clips) {
            float *values = output + offset + within * width;
            mpk_unary(e->activation, e->activation_alpha, e->activation_beta, values, values, count * width);
        }
        row += count;
    }
}
