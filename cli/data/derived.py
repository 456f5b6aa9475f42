"""The board and the index of a deployment, for commands that make them again."""

from cli.client.connection import Connection
from functions.aws.job_index import DynamoJobIndex
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.views.board import PublishBoard
from functions.views.job_index import IndexJob


def index_job_of(connection: Connection) -> IndexJob:
    table = connection.outputs["JobIndexTable"]
    return IndexJob(DynamoJobIndex(connection.client("dynamodb"), table))


def publish_board_of(connection: Connection) -> PublishBoard:
    s3, bucket = connection.client("s3"), connection.outputs["JobsBucket"]
    return PublishBoard(S3Jobs(s3, bucket), S3Boards(s3, bucket), index_job_of(connection))
