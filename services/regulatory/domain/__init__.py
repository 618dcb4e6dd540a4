"""The deciders of the regulatory service, one module an aggregate."""
