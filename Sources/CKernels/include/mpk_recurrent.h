// One step of a recurrent cell (simple, LSTM, GRU): the products of the state with constant packed weights, and the gates.
//
// Units are worked on in blocks of a panel (mpk_linear_panel_width); a state has its units rounded up to whole blocks.
// The features of packed weights and of sums are ordered [block][gate][unit of the block], so that a block finds its
// gates side by side. Blocks of one phase may be given to any threads in any order; a phase begins when the one before
// is done everywhere.
//
// Bits: a sum is one chain of multiply-adds over the state, to which input sums are added. It depends on no cut.
#ifndef MPK_RECURRENT_H
#define MPK_RECURRENT_H

#include <stddef.h>
#include <stdint.h>

enum {
    MPK_CELL_SIMPLE = 0,           // 1 gate
    MPK_CELL_LSTM = 1,             // gates input, output, forget, cell
    MPK_CELL_GRU = 2,              // gates update, reset, hidden; the reset gate acts on the state
    MPK_CELL_GRU_RESET_AFTER = 3,  // ... on the product
};

/// One of MPK_IDENTITY ... and its parameters.
typedef struct {
    int32_t code;
    float alpha, beta;
} mpk_cell_function;

typedef struct {
    int32_t kind;
    int32_t couples_input_forget;  // LSTM: the forget gate is 1 - the input gate
    int64_t batch, hidden;
    float clip;                    // gates are limited to -clip ... clip before their function; INFINITY for none
    mpk_cell_function f, g, h;     // as ONNX names them
} mpk_cell;

/// Where a step finds everything; `units` is hidden rounded up to whole blocks.
typedef struct {
    int64_t time;
    const int32_t *lengths;       // [batch] or null: items whose length is at most `time` keep their state
    float *sums;                  // [batch][blocks][gates][panel]: input products and biases; overwritten
    const float *recurrent;       // packed weights, the blocks' features in the order above
    const float *recurrent_bias;  // [units]; MPK_CELL_GRU_RESET_AFTER only: the hidden gate's bias inside the product
    const float *peepholes;       // [3][units] or null; LSTM only: input, output, forget
    const float *previous;        // [batch][units]: the state before
    float *next;                  // [batch][units]: the state after
    float *memory;                // [batch][units]; LSTM: the cell, in place
    float *masked;                // [batch][units]; MPK_CELL_GRU: what goes from the first phase to the second
    float *output;                // [batch][output_stride]: the state once more, zero for items past their length; or null
    int64_t output_stride;
} mpk_cell_step;

int32_t mpk_cell_gate_count(int32_t kind);
/// 2 for MPK_CELL_GRU, else 1.
int32_t mpk_cell_phase_count(int32_t kind);
/// Bytes of scratch one thread needs, to be aligned to 64.
size_t mpk_cell_scratch_byte_count(const mpk_cell *cell);

/// Computes blocks first_block ..< end_block of a phase.
void mpk_cell_run(const mpk_cell *cell, const mpk_cell_step *step, int32_t phase, int64_t first_block,
                  int64_t end_block, void *scratch);

#endif
