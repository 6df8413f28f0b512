"""A server that asks for tokens: what a trainer's token lets through, and what is kept without one."""

from __future__ import annotations

from tests.support import Server, SpoolTest, until
from tests.test_outages import expected, log

ADMIN = "of-the-tests-0123456789abcdefghijkl"


class Tokens(SpoolTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.guarded = Server(ADMIN)
        cls.addClassCleanup(cls.guarded.close)

    def token(self, role: str) -> str:
        made = "mutation($role: Role!) { createApiToken(name: \"trainer\", role: $role) { secret } }"
        return str(self.guarded.data(made, role=role)["createApiToken"]["secret"])

    def test_a_trainer_s_token_lets_everything_through(self) -> None:
        tracker = self.tracker(self.guarded.url, token=self.token("TRAINER"))
        run = tracker.create_experiment(experiment_name="allowed")
        log(tracker, run, 0, 20)
        tracker.save_checkpoint_info(run, 3, {"val_loss": 0.5}, {"path": "3.pt"}, is_best=True)
        tracker.update_experiment_status(run, "completed")
        self.assertTrue(tracker.flush(20))
        stored = self.guarded.experiment(run)
        self.assertEqual([stored["status"], stored["epochCount"]], ["COMPLETED", 20])
        self.assertEqual(tracker.get_experiment_history(run)["experiment"]["experiment_name"], "allowed")
        tracker.close()

    def test_what_a_missing_or_a_reader_s_token_holds_up_is_kept_and_delivered_with_a_better_one(self) -> None:
        for token, code in ((None, "UNAUTHENTICATED"), (self.token("READER"), "FORBIDDEN")):
            tracker = self.tracker(self.guarded.url, token=token)
            run = tracker.create_experiment(experiment_name="held up")
            log(tracker, run, 0, 3)
            until(lambda: code in self.warnings(), f"a warning of {code}")
            tracker.close(0.5)
            self.assertEqual(tracker.counts().waiting, 4)
            self.assertIsNone(self.guarded.experiment(run))
            done = self.sync("--url", self.guarded.url, "--token", self.token("TRAINER"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.guarded.metrics(run), expected(3))
