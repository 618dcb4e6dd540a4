"""The import of running trials from CSV files: `trialwire import baseline`."""
