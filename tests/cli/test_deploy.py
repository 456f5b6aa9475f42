"""`haul deploy` asks before it removes or replaces resources."""

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
def test_without_a_terminal_nothing_is_removed_or_replaced(change: Change) -> None:
    with pytest.raises(CliError, match=r"1 resources will be removed or replaced.* use --yes"):
        _Progress(yes=False).review(planned(ALARM, change))


def test_a_mere_change_needs_no_confirmation() -> None:
    _Progress(yes=False).review(planned(ALARM))


def test_yes_skips_the_question() -> None:
    _Progress(yes=True).review(planned(BUCKET, RULE))
