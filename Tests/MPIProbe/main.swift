// One rank of a small MPI job, for MPITests: carries out the cases it is given by name and compares what comes out
// with what was computed plainly. The first difference is written to stderr and ends the job.

import MPI

let cases: [ProbeCase] =
    pointToPointCases + lengthCases + slotCases + collectiveCases + groupCases
    + failureCases + timingCases

let session = try MPISession.start()
for name in CommandLine.arguments.dropFirst() {
    guard let found = cases.first(where: { $0.name == name }) else {
        Probe(session, name).fail("there is no such case")
    }
    let probe = Probe(session, name)
    do { try found.run(probe) } catch { probe.fail("\(error)") }
    try session.world.barrier()
    if probe.rank == 0 { print("passed \(name)") }
}
try session.finalize()
