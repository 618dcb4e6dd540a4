"""The decisions of safety: one aggregate, the case; its deadlines are decided by the shared rules."""
