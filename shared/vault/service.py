"""What a service with a vault declares: its aggregate, and the rows of its documents and subjects."""

from shared.rules import vault, vault_rows
from shared.rules.vault_commands import VaultCommand
from shared.runtime.service import Aggregate
from shared.runtime.takers import Projection

VAULT = Aggregate("vault", VaultCommand, vault.Holding(), vault.decide, vault.evolve, held_by=vault.held_by)


def vault_projections(service: str) -> tuple[Projection, ...]:
    """The tables `document` and `vault_subject` of this service."""
    own = (service,)
    return (
        Projection(vault_rows.DocumentRow, vault_rows.document_keys, vault_rows.fold_document, own),
        Projection(
            vault_rows.VaultSubjectRow,
            vault_rows.vault_subject_keys,
            vault_rows.fold_vault_subject,
            own,
        ),
    )
