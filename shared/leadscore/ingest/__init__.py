"""Wire formats in, lead events out: pure, a small module per format. Behind the queue nobody knows a vendor's."""
