import TestSupport
import Testing

@testable import MPI

/// What launchers say of the job that a process is a rank of.
@Suite struct LaunchClaimTests {
    private func claim(_ environment: [String: String]) -> LaunchClaim? { LaunchClaim { environment[$0] } }

    @Test("several processes, by the launchers that there are") func several() {
        let cases: [([String: String], LaunchClaim.Hints, Int?)] = [
            (["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0", "PMIX_RANK": "0"], .openMPI, 4),
            (
                ["PMI_SIZE": "2", "PMI_RANK": "1", "PMI_FD": "9", "MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": "1"],
                .hydra, 2
            ),
            (["MPI_LOCALNRANKS": "3", "MPI_LOCALRANKID": "0"], .hydra, 3),
            (["SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "8", "SLURM_NTASKS": "8"], .slurm, 8),
            (["PMIX_RANK": "3"], .other, nil),
        ]
        for (environment, hints, count) in cases {
            let claim = claim(environment)
            #expect(claim?.hints == hints && claim?.processCount == count, "\(environment)")
            var single = environment
            single[LaunchClaim.permission] = "1"
            #expect(self.claim(single) == nil)
        }
    }

    @Test("no false alarms") func one() {
        let cases: [[String: String]] = [
            [:],
            ["PMIX_RANK": "0"],
            // A batch script, and an interactive shell, of an allocation for 8 tasks.
            ["SLURM_NTASKS": "8", "SLURM_NPROCS": "8", "SLURM_PROCID": "0", "SLURM_JOB_ID": "7"],
            ["SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_STEPID": "4294967291", "SLURM_STEP_NUM_TASKS": "2"],
            ["SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967290", "SLURM_STEP_NUM_TASKS": "2"],
            // One task of `srun`.
            ["SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1"],
            // One rank, started by a mpirun whose daemons were started by `srun` on two nodes.
            ["OMPI_COMM_WORLD_SIZE": "1", "SLURM_PROCID": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2"],
            ["PMI_SIZE": "1", "PMI_RANK": "0", "SLURM_PROCID": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2"],
        ]
        for environment in cases { #expect(claim(environment) == nil, "\(environment)") }
    }

    @Test("the line that would be right") func remedy() throws {
        let slurm = try #require(
            claim(["SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "8"]))
        let text = slurm.complaint(library: "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4")
        #expect(text.hasPrefix("srun has started 8 processes"))
        #expect(text.contains("linked with Open MPI v4.1.4; start it with: 'srun --mpi=pmix -n 8 mpinfer"))
        let hydra = try #require(claim(["PMI_SIZE": "2", "PMI_FD": "9"]))
        let words = hydra.complaint(library: "Open MPI v4.1.4")
        #expect(words.contains("mpiexec of MPICH") && words.contains("the mpirun that belongs to it: 'mpirun -np 2"))
        #expect(hydra.complaint(library: "MPICH Version: 4.0").contains("'mpiexec -n 2 mpinfer"))
    }

    /// As another MPI's mpiexec does it: the variables, and nothing else that this MPI understands.
    @Test("N jobs of one rank are refused, once, and without a result") func refused() throws {
        for (rank, words) in [("0", true), ("1", false)] {
            let run = try MPILauncher.runAlone(
                executable: "MPIProbe", arguments: ["launcher"],
                environment: ["PMI_RANK": rank, "PMI_SIZE": "2", "PMI_ID": rank])
            #expect(run.status != 0, "\(run)")
            #expect(run.stderr.contains("each would do the whole job") || !words, "\(run)")
        }
    }
}
