// Packing of convolution weights: [group][channel panel][depth][8 channels], zero channels at the end of a group.
#include <string.h>
#include "conv_internal.h"

void mpk_conv_pack_weights_slice(const mpk_conv_shape *shape, int32_t first_channel, int32_t channel_count,
                                 const float *weights, float *packed) {
    const mpk_conv_plan p = mpk_conv_make_plan(shape, mpk_conv_current_table());
    if (p.depthwise) {
        memcpy(packed + first_channel * p.taps, weights, (size_t)(channel_count * p.taps) * sizeof(float));
        return;
    }
    const int64_t panel_floats = p.depth * MPK_PANEL_HEIGHT;
    int64_t channel = first_channel;
    const int64_t end = (int64_t)first_channel + channel_count;
    while (channel < end) {
        const int64_t group = channel / p.group_out, within = channel % p.group_out;
        const int64_t left_in_group = p.group_out - within;
        int64_t rows = end - channel < left_in_group ? end - channel : left_in_group;
        if (rows > MPK_PANEL_HEIGHT) rows = MPK_PANEL_HEIGHT;
        const float *source = weights + (channel - first_channel) * p.depth;  // [rows][depth]
        float *panel = packed + (group * p.channel_panels + within / MPK_PANEL_HEIGHT) * panel_floats;
        for (int64_t k = 0; k < p.depth; k++) {
            for (int64_t row = 0; row < MPK_PANEL_HEIGHT; row++) {
                panel[k * MPK_PANEL_HEIGHT + row] = row < rows ? source[row * p.depth + k] : 0;
            }
        }
        channel += rows;
    }
}

void mpk_conv_pack_weights(const mpk_conv_shape *shape, const float *weights, float *packed) {
    mpk_conv_pack_weights_slice(shape, 0, shape->out_channels, weights, packed);
}
