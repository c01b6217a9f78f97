// The convolution at the avx2 level.
#include "level_avx2.h"
#if defined(__x86_64__)
#include "level_operations.h"

#include "conv_pack_template.h"
#include "conv_tile_template.h"
#include "depthwise_template.h"

const mpk_conv_table mpk_conv_table_avx2 = {
    .lanes = MPK_LANES,
    .tile_vectors = MPK_TILE_VECTORS,
    .tile = run_tile_job,
    .pack = pack_columns,
    .pack_pointwise = pack_pointwise_block,
    .gather = gather_tile,
    .scatter = scatter_tile,
    .depthwise = run_depthwise_rows,
};
#endif
