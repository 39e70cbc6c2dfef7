"""What the product is built on; knows nothing about issues."""
