"""What people open: pages, pictures and tables for a spreadsheet; ``contents`` lists them."""
