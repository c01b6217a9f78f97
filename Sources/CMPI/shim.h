// What Swift sees of MPI: handles in structs, and the calls that the MPI room makes on them.
//
// A handle is a pointer in Open MPI and an integer in MPICH, so Swift would see an optional in the one and a number in
// the other, and an array of handles would have another type in each. Wrapped in a struct it is the same Swift type in
// both, and Swift never looks inside. The handle macros (MPI_COMM_WORLD, MPI_FLOAT, MPI_IN_PLACE ...) are casts of
// addresses, which Swift does not import, so they appear here as functions.
#ifndef MPINFER_CMPI_SHIM_H
#define MPINFER_CMPI_SHIM_H

#include <limits.h>
#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

typedef struct { MPI_Comm handle; } CMPIComm;
typedef struct { MPI_Request handle; } CMPIRequest;  // an array of these is an array of MPI_Request
typedef struct { MPI_Datatype handle; } CMPIDatatype;
typedef struct { MPI_Op handle; } CMPIOp;
typedef struct { MPI_Win handle; } CMPIWin;
typedef struct { MPI_Message handle; } CMPIMessage;

_Static_assert(sizeof(CMPIRequest) == sizeof(MPI_Request), "an array of CMPIRequest is handed over as MPI_Request[]");
_Static_assert(sizeof(CMPIDatatype) == sizeof(MPI_Datatype), "a CMPIDatatype * is handed over as MPI_Datatype *");

// MARK: constants

static inline CMPIComm cmpi_comm_world(void) { return (CMPIComm){MPI_COMM_WORLD}; }
static inline CMPIComm cmpi_comm_self(void) { return (CMPIComm){MPI_COMM_SELF}; }
static inline int cmpi_comm_is_null(CMPIComm comm) { return comm.handle == MPI_COMM_NULL; }
static inline CMPIRequest cmpi_request_null(void) { return (CMPIRequest){MPI_REQUEST_NULL}; }
static inline int cmpi_request_is_null(CMPIRequest request) { return request.handle == MPI_REQUEST_NULL; }

static inline CMPIDatatype cmpi_byte(void) { return (CMPIDatatype){MPI_BYTE}; }
static inline CMPIDatatype cmpi_float(void) { return (CMPIDatatype){MPI_FLOAT}; }
static inline CMPIDatatype cmpi_double(void) { return (CMPIDatatype){MPI_DOUBLE}; }
static inline CMPIDatatype cmpi_int8(void) { return (CMPIDatatype){MPI_INT8_T}; }
static inline CMPIDatatype cmpi_int16(void) { return (CMPIDatatype){MPI_INT16_T}; }
static inline CMPIDatatype cmpi_int32(void) { return (CMPIDatatype){MPI_INT32_T}; }
static inline CMPIDatatype cmpi_int64(void) { return (CMPIDatatype){MPI_INT64_T}; }
static inline CMPIDatatype cmpi_uint8(void) { return (CMPIDatatype){MPI_UINT8_T}; }
static inline CMPIDatatype cmpi_uint16(void) { return (CMPIDatatype){MPI_UINT16_T}; }
static inline CMPIDatatype cmpi_uint32(void) { return (CMPIDatatype){MPI_UINT32_T}; }
static inline CMPIDatatype cmpi_uint64(void) { return (CMPIDatatype){MPI_UINT64_T}; }

static inline CMPIOp cmpi_sum(void) { return (CMPIOp){MPI_SUM}; }
static inline CMPIOp cmpi_min(void) { return (CMPIOp){MPI_MIN}; }
static inline CMPIOp cmpi_max(void) { return (CMPIOp){MPI_MAX}; }

static inline const void *cmpi_in_place(void) { return MPI_IN_PLACE; }
static inline int cmpi_success(void) { return MPI_SUCCESS; }
static inline int cmpi_err_in_status(void) { return MPI_ERR_IN_STATUS; }
static inline int cmpi_err_truncate(void) { return MPI_ERR_TRUNCATE; }
static inline int cmpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int cmpi_any_tag(void) { return MPI_ANY_TAG; }
static inline int cmpi_undefined(void) { return MPI_UNDEFINED; }
static inline int cmpi_max_error_string(void) { return MPI_MAX_ERROR_STRING; }
static inline int cmpi_max_processor_name(void) { return MPI_MAX_PROCESSOR_NAME; }
static inline int cmpi_max_library_version_string(void) { return MPI_MAX_LIBRARY_VERSION_STRING; }

// MARK: the process

// Levels count from 0 (SINGLE) to 3 (MULTIPLE), whatever numbers this MPI gives them.
static inline int cmpi_init_thread(int level, int *provided) {
    const int levels[4] = {MPI_THREAD_SINGLE, MPI_THREAD_FUNNELED, MPI_THREAD_SERIALIZED, MPI_THREAD_MULTIPLE};
    int got = MPI_THREAD_SINGLE;
    int code = MPI_Init_thread(NULL, NULL, levels[level], &got);
    *provided = 0;
    for (int i = 0; i < 4; i++) if (levels[i] == got) *provided = i;
    return code;
}
// Usable from the first to the last instruction of a process; 0 outside of MPI_Init ... MPI_Finalize.
static inline int cmpi_is_running(void) {
    int initialized = 0, finalized = 0;
    MPI_Initialized(&initialized);
    MPI_Finalized(&finalized);
    return initialized && !finalized;
}
static inline int cmpi_was_initialized(void) {
    int initialized = 0;
    MPI_Initialized(&initialized);
    return initialized;
}
static inline int cmpi_error_class(int code) {
    int class = code;
    MPI_Error_class(code, &class);
    return class;
}

// MARK: communicators and windows

static inline int cmpi_comm_errors_return(CMPIComm comm) {
    return MPI_Comm_set_errhandler(comm.handle, MPI_ERRORS_RETURN);
}
static inline int cmpi_comm_rank(CMPIComm comm, int *rank) { return MPI_Comm_rank(comm.handle, rank); }
static inline int cmpi_comm_size(CMPIComm comm, int *size) { return MPI_Comm_size(comm.handle, size); }
static inline int cmpi_comm_dup(CMPIComm comm, CMPIComm *copy) { return MPI_Comm_dup(comm.handle, &copy->handle); }
static inline int cmpi_comm_free(CMPIComm *comm) { return MPI_Comm_free(&comm->handle); }
// A negative colour leaves the caller out (MPI_UNDEFINED): *part is MPI_COMM_NULL then.
static inline int cmpi_comm_split(CMPIComm comm, int colour, int key, CMPIComm *part) {
    return MPI_Comm_split(comm.handle, colour < 0 ? MPI_UNDEFINED : colour, key, &part->handle);
}
static inline int cmpi_comm_split_shared(CMPIComm comm, int key, CMPIComm *part) {
    return MPI_Comm_split_type(comm.handle, MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &part->handle);
}
static inline int cmpi_comm_tag_upper_bound(CMPIComm comm) {
    int *bound = NULL, found = 0;
    int code = MPI_Comm_get_attr(comm.handle, MPI_TAG_UB, &bound, &found);
    return code == MPI_SUCCESS && found ? *bound : 32767;  // the least that the standard allows
}
static inline int cmpi_abort(int code) { return MPI_Abort(MPI_COMM_WORLD, code); }

// Segments need not be neighbours (alloc_shared_noncontig), so each can start on its own page.
static inline int cmpi_win_allocate_shared(MPI_Aint byteCount, CMPIComm comm, void **base, CMPIWin *window) {
    MPI_Info info;
    int code = MPI_Info_create(&info);
    if (code != MPI_SUCCESS) return code;
    MPI_Info_set(info, "alloc_shared_noncontig", "true");
    code = MPI_Win_allocate_shared(byteCount, 1, info, comm.handle, base, &window->handle);
    MPI_Info_free(&info);
    if (code != MPI_SUCCESS) return code;
    return MPI_Win_set_errhandler(window->handle, MPI_ERRORS_RETURN);
}
static inline int cmpi_win_allocate(MPI_Aint byteCount, CMPIComm comm, void **base, CMPIWin *window) {
    int code = MPI_Win_allocate(byteCount, 1, MPI_INFO_NULL, comm.handle, base, &window->handle);
    return code == MPI_SUCCESS ? MPI_Win_set_errhandler(window->handle, MPI_ERRORS_RETURN) : code;
}
// Adds 1 to the number at the start of rank 0's segment, and gives what it was. The window is locked for all.
static inline int cmpi_fetch_and_increment(CMPIWin window, int64_t *before) {
    const int64_t one = 1;
    int code = MPI_Fetch_and_op(&one, before, MPI_INT64_T, 0, 0, MPI_SUM, window.handle);
    return code == MPI_SUCCESS ? MPI_Win_flush(0, window.handle) : code;
}
// The same in memory that the ranks share, without MPI.
static inline int64_t cmpi_atomic_take(int64_t *number) { return __atomic_fetch_add(number, 1, __ATOMIC_ACQ_REL); }
static inline int cmpi_win_shared_query(CMPIWin window, int rank, MPI_Aint *byteCount, void **base) {
    int unit = 1;
    return MPI_Win_shared_query(window.handle, rank, byteCount, &unit, base);
}
static inline int cmpi_win_lock_all(CMPIWin window) { return MPI_Win_lock_all(MPI_MODE_NOCHECK, window.handle); }
static inline int cmpi_win_unlock_all(CMPIWin window) { return MPI_Win_unlock_all(window.handle); }
static inline int cmpi_win_sync(CMPIWin window) { return MPI_Win_sync(window.handle); }
static inline int cmpi_win_free(CMPIWin *window) { return MPI_Win_free(&window->handle); }

// MARK: datatypes

// `count` blocks of `byteCount` bytes lie behind one another: for counts in rows instead of bytes.
static inline int cmpi_type_block(int byteCount, CMPIDatatype *type) {
    int code = MPI_Type_contiguous(byteCount, MPI_BYTE, &type->handle);
    return code == MPI_SUCCESS ? MPI_Type_commit(&type->handle) : code;
}
// One datatype over `byteCount` bytes, of blocks of `limit` bytes and a rest: MPI 3 counts in `int`. On the wire it
// matches the same number of MPI_BYTE, so that the two sides may have different limits.
static inline int cmpi_type_large(int64_t byteCount, int limit, CMPIDatatype *type) {
    if (byteCount / limit > INT_MAX) return MPI_ERR_COUNT;
    MPI_Datatype block = MPI_DATATYPE_NULL, blocks = MPI_DATATYPE_NULL;
    int code = MPI_Type_contiguous(limit, MPI_BYTE, &block);
    if (code == MPI_SUCCESS) code = MPI_Type_contiguous((int)(byteCount / limit), block, &blocks);
    if (code == MPI_SUCCESS) {
        int lengths[2] = {1, (int)(byteCount % limit)};
        MPI_Aint places[2] = {0, (MPI_Aint)(byteCount - byteCount % limit)};
        MPI_Datatype types[2] = {blocks, MPI_BYTE};
        code = MPI_Type_create_struct(lengths[1] > 0 ? 2 : 1, lengths, places, types, &type->handle);
    }
    if (code == MPI_SUCCESS) code = MPI_Type_commit(&type->handle);
    if (blocks != MPI_DATATYPE_NULL) MPI_Type_free(&blocks);
    if (block != MPI_DATATYPE_NULL) MPI_Type_free(&block);
    return code;
}
static inline int cmpi_type_free(CMPIDatatype *type) { return MPI_Type_free(&type->handle); }

// MARK: point to point

static inline int cmpi_send(const void *data, int count, CMPIDatatype type, int peer, int tag, CMPIComm comm) {
    return MPI_Send(data, count, type.handle, peer, tag, comm.handle);
}
static inline int cmpi_recv(
    void *data, int count, CMPIDatatype type, int peer, int tag, CMPIComm comm, MPI_Status *status) {
    return MPI_Recv(data, count, type.handle, peer, tag, comm.handle, status);
}
static inline int cmpi_isend(
    const void *data, int count, CMPIDatatype type, int peer, int tag, CMPIComm comm, CMPIRequest *request) {
    return MPI_Isend(data, count, type.handle, peer, tag, comm.handle, &request->handle);
}
static inline int cmpi_issend(
    const void *data, int count, CMPIDatatype type, int peer, int tag, CMPIComm comm, CMPIRequest *request) {
    return MPI_Issend(data, count, type.handle, peer, tag, comm.handle, &request->handle);
}
static inline int cmpi_irecv(
    void *data, int count, CMPIDatatype type, int peer, int tag, CMPIComm comm, CMPIRequest *request) {
    return MPI_Irecv(data, count, type.handle, peer, tag, comm.handle, &request->handle);
}
static inline int cmpi_sendrecv(
    const void *out, int outCount, CMPIDatatype outType, int destination, void *in, int inCount, CMPIDatatype inType,
    int source, int tag, CMPIComm comm, MPI_Status *status) {
    return MPI_Sendrecv(
        out, outCount, outType.handle, destination, tag, in, inCount, inType.handle, source, tag, comm.handle, status);
}
static inline int cmpi_probe(int peer, int tag, CMPIComm comm, MPI_Status *status) {
    return MPI_Probe(peer, tag, comm.handle, status);
}
static inline int cmpi_iprobe(int peer, int tag, CMPIComm comm, int *found, MPI_Status *status) {
    return MPI_Iprobe(peer, tag, comm.handle, found, status);
}
static inline int cmpi_mprobe(int peer, int tag, CMPIComm comm, CMPIMessage *message, MPI_Status *status) {
    return MPI_Mprobe(peer, tag, comm.handle, &message->handle, status);
}
static inline int cmpi_improbe(
    int peer, int tag, CMPIComm comm, int *found, CMPIMessage *message, MPI_Status *status) {
    return MPI_Improbe(peer, tag, comm.handle, found, &message->handle, status);
}
static inline int cmpi_mrecv(void *data, int count, CMPIDatatype type, CMPIMessage *message, MPI_Status *status) {
    return MPI_Mrecv(data, count, type.handle, &message->handle, status);
}
// Bytes of a message received or probed; -1 where MPI cannot say.
static inline int64_t cmpi_status_bytes(const MPI_Status *status) {
    MPI_Count count = 0;
    if (MPI_Get_elements_x(status, MPI_BYTE, &count) != MPI_SUCCESS || count == MPI_UNDEFINED) return -1;
    return count;
}

static inline int cmpi_wait(CMPIRequest *request, MPI_Status *status) { return MPI_Wait(&request->handle, status); }
static inline int cmpi_test(CMPIRequest *request, int *done, MPI_Status *status) {
    return MPI_Test(&request->handle, done, status);
}
static inline int cmpi_testsome(
    int count, CMPIRequest *requests, int *completed, int *indices, MPI_Status *statuses) {
    return MPI_Testsome(count, (MPI_Request *)requests, completed, indices, statuses);
}
static inline int cmpi_cancel(CMPIRequest *request) { return MPI_Cancel(&request->handle); }
static inline int cmpi_request_free(CMPIRequest *request) { return MPI_Request_free(&request->handle); }

// MARK: collectives

static inline int cmpi_barrier(CMPIComm comm) { return MPI_Barrier(comm.handle); }
static inline int cmpi_ibarrier(CMPIComm comm, CMPIRequest *request) {
    return MPI_Ibarrier(comm.handle, &request->handle);
}
static inline int cmpi_bcast(void *data, int count, CMPIDatatype type, int root, CMPIComm comm) {
    return MPI_Bcast(data, count, type.handle, root, comm.handle);
}
static inline int cmpi_reduce(
    const void *from, void *into, int count, CMPIDatatype type, CMPIOp op, int root, CMPIComm comm) {
    return MPI_Reduce(from, into, count, type.handle, op.handle, root, comm.handle);
}
static inline int cmpi_allreduce(
    const void *from, void *into, int count, CMPIDatatype type, CMPIOp op, CMPIComm comm) {
    return MPI_Allreduce(from, into, count, type.handle, op.handle, comm.handle);
}
static inline int cmpi_iallreduce(
    const void *from, void *into, int count, CMPIDatatype type, CMPIOp op, CMPIComm comm, CMPIRequest *request) {
    return MPI_Iallreduce(from, into, count, type.handle, op.handle, comm.handle, &request->handle);
}
static inline int cmpi_gather(
    const void *from, void *into, int count, CMPIDatatype type, int root, CMPIComm comm) {
    return MPI_Gather(from, count, type.handle, into, count, type.handle, root, comm.handle);
}
static inline int cmpi_gatherv(
    const void *from, int count, void *into, const int *counts, const int *places, CMPIDatatype type, int root,
    CMPIComm comm) {
    return MPI_Gatherv(from, count, type.handle, into, counts, places, type.handle, root, comm.handle);
}
static inline int cmpi_allgather(const void *from, void *into, int count, CMPIDatatype type, CMPIComm comm) {
    return MPI_Allgather(from, count, type.handle, into, count, type.handle, comm.handle);
}
static inline int cmpi_allgatherv(
    const void *from, int count, void *into, const int *counts, const int *places, CMPIDatatype type, CMPIComm comm) {
    return MPI_Allgatherv(from, count, type.handle, into, counts, places, type.handle, comm.handle);
}
static inline int cmpi_scatter(
    const void *from, void *into, int count, CMPIDatatype type, int root, CMPIComm comm) {
    return MPI_Scatter(from, count, type.handle, into, count, type.handle, root, comm.handle);
}
static inline int cmpi_scatterv(
    const void *from, const int *counts, const int *places, void *into, int count, CMPIDatatype type, int root,
    CMPIComm comm) {
    return MPI_Scatterv(from, counts, places, type.handle, into, count, type.handle, root, comm.handle);
}
static inline int cmpi_alltoall(const void *from, void *into, int count, CMPIDatatype type, CMPIComm comm) {
    return MPI_Alltoall(from, count, type.handle, into, count, type.handle, comm.handle);
}
static inline int cmpi_alltoallv(
    const void *from, const int *outCounts, const int *outPlaces, void *into, const int *inCounts,
    const int *inPlaces, CMPIDatatype type, CMPIComm comm) {
    return MPI_Alltoallv(
        from, outCounts, outPlaces, type.handle, into, inCounts, inPlaces, type.handle, comm.handle);
}

// A reduction of MPI's signature (in, inout, count, type) on element types that MPI does not know.
typedef void (*CMPIReducer)(void *in, void *inout, int *count, CMPIDatatype *type);
static inline int cmpi_op_create(CMPIReducer reducer, CMPIOp *op) {
    return MPI_Op_create((MPI_User_function *)reducer, 1, &op->handle);
}
static inline int cmpi_op_free(CMPIOp *op) { return MPI_Op_free(&op->handle); }

#endif
