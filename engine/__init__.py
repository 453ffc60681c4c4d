"""The runtime: runs process definitions, knows "case" and "service request", never "complaint"."""
