import MPI
import Testing

@testable import Jobs

/// What is said of launchers that leave cores idle.
@Suite struct CoreBindingTests {
    private func rank(_ host: String, _ cores: Set<Int>, of available: Int?) -> CoreBinding {
        CoreBinding(host: host, cores: cores, available: available)
    }

    @Test("two ranks on two of eight cores") func bound() throws {
        let ranks = [rank("a", [0], of: 8), rank("a", [1], of: 8)]
        let notice = try #require(CoreBinding.notice(ranks, launcher: .openMPI))
        #expect(notice.hasPrefix("a: 2 of 8 cores are used, since the launcher has bound the 2 ranks to them"))
        #expect(notice.contains("--bind-to none") && notice.contains("slot:PE=4 "))
        #expect(CoreBinding.notice(ranks, launcher: .slurm)?.contains("srun -c 4") == true)
    }

    @Test("one core for both, and several hosts") func hosts() throws {
        let ranks = [
            rank("a", [0, 1], of: 2), rank("b", [3], of: 2), rank("b", [3], of: 2), rank("c", [0], of: 4),
            rank("a", [0, 1], of: 2),
        ]
        let notice = try #require(CoreBinding.notice(ranks, launcher: .openMPI))
        #expect(notice.hasPrefix("b and 1 other host: 1 of 2 cores are used"), "\(notice)")
    }

    @Test("nothing to say") func silent() {
        // All cores, more than Slurm gave, ranks that nobody launched, and a system that does not tell.
        for ranks in [
            [rank("a", [0], of: 2), rank("a", [1], of: 2)], [rank("a", [0, 1, 2, 3], of: 2)],
            [rank("a", [0], of: nil)], [rank("a", [], of: 8)], [],
        ] {
            #expect(CoreBinding.notice(ranks, launcher: .openMPI) == nil, "\(ranks)")
        }
    }
}
