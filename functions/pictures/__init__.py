"""PicturesFunction: keeps small copies of pictures of accounts and videos."""
