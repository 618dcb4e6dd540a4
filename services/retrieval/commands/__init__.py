"""Commands of the retrieval service; reports of facts are never refused."""

from services.retrieval.commands.adoption import AdoptRequest
from services.retrieval.commands.basis import (
    RejectLegalBasis,
    RevokeAuthorization,
    Scope,
    SubmitLegalBasis,
    VerifyLegalBasis,
)
from services.retrieval.commands.fields import NAMESPACE, CheckedElement, NewDocument, in_vault
from services.retrieval.commands.leg import (
    AcknowledgeLeg,
    AddLeg,
    ApproveFee,
    AssignLeg,
    CancelLeg,
    DisputeFee,
    QuoteFee,
    RecordFeePayment,
    RecordFollowUp,
    ReportLegUnroutable,
    RerouteLeg,
    SendLeg,
)
from services.retrieval.commands.records import (
    CloseLegWithoutRecords,
    DeliverRecords,
    FailQualityControl,
    PassQualityControl,
    QcFindings,
    ReceiveRecords,
    RecordRedaction,
)
from services.retrieval.commands.request import (
    CancelRequest,
    FreezeRequest,
    NoteDeath,
    NoteWithdrawal,
    OpenRequest,
    ReprioritiseRequest,
    ThawRequest,
)
from shared.contracts.message import Wake

RequestCommand = (
    AdoptRequest
    | OpenRequest
    | ReprioritiseRequest
    | CancelRequest
    | NoteWithdrawal
    | NoteDeath
    | FreezeRequest
    | ThawRequest
)
BasisCommand = SubmitLegalBasis | VerifyLegalBasis | RejectLegalBasis | RevokeAuthorization
RouteCommand = AddLeg | AssignLeg | CancelLeg | SendLeg | ReportLegUnroutable | RerouteLeg
AnswerCommand = AcknowledgeLeg | RecordFollowUp | QuoteFee | ApproveFee | DisputeFee | RecordFeePayment
RecordsCommand = (
    ReceiveRecords
    | PassQualityControl
    | FailQualityControl
    | RecordRedaction
    | DeliverRecords
    | CloseLegWithoutRecords
)
RetrievalCommand = RequestCommand | BasisCommand | RouteCommand | AnswerCommand | RecordsCommand | Wake

__all__ = [
    "NAMESPACE",
    "AcknowledgeLeg",
    "AddLeg",
    "AdoptRequest",
    "AnswerCommand",
    "ApproveFee",
    "AssignLeg",
    "BasisCommand",
    "CancelLeg",
    "CancelRequest",
    "CheckedElement",
    "CloseLegWithoutRecords",
    "DeliverRecords",
    "DisputeFee",
    "FailQualityControl",
    "FreezeRequest",
    "NewDocument",
    "NoteDeath",
    "NoteWithdrawal",
    "OpenRequest",
    "PassQualityControl",
    "QcFindings",
    "QuoteFee",
    "ReceiveRecords",
    "RecordFeePayment",
    "RecordFollowUp",
    "RecordRedaction",
    "RecordsCommand",
    "RejectLegalBasis",
    "ReportLegUnroutable",
    "ReprioritiseRequest",
    "RequestCommand",
    "RerouteLeg",
    "RetrievalCommand",
    "RevokeAuthorization",
    "RouteCommand",
    "Scope",
    "SendLeg",
    "SubmitLegalBasis",
    "ThawRequest",
    "VerifyLegalBasis",
    "Wake",
    "in_vault",
]
