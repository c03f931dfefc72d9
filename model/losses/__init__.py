"""What training minimises: matched classification and mask losses, and the inter-frame consistency loss."""
