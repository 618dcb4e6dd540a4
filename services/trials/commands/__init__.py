"""What the service can be asked or told: requests, which may be refused, and reports, which are kept."""
