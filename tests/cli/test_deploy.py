"""What the command asks before it does something that cannot be undone, and whom."""

import pytest

from cli.commands.deploy import _Progress
from cli.output.output import CliError
from deploy.stack import Change, Planned

BUCKET = Change("Modify", "JobsBucket", "AWS::S3::Bucket", replaced=True)
RULE = Change("Remove", "BoardFactsRule", "AWS::Events::Rule", replaced=False)
ALARM = Change("Modify", "ApiFunctionErrors", "AWS::CloudWatch::Alarm", replaced=False)


def planned(*changes: Change) -> Planned:
    return Planned("staging", "arn", creates=False, changes=changes)


@pytest.mark.parametrize("change", [BUCKET, RULE])
def test_behind_a_pipe_nothing_is_removed_or_replaced_unasked(change: Change) -> None:
    with pytest.raises(CliError, match=r"1 resources are removed or replaced.* say --yes"):
        _Progress(yes=False).review(planned(ALARM, change))


def test_what_is_only_changed_needs_no_answer() -> None:
    _Progress(yes=False).review(planned(ALARM))


def test_whoever_said_yes_is_not_asked() -> None:
    _Progress(yes=True).review(planned(BUCKET, RULE))
