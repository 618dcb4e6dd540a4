"""Documents and particulars of one service, encrypted under a key for each subject."""
