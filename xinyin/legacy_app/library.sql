CREATE TABLE library_id (
	id INTEGER NOT NULL, 
	uuid VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE tags (
	id INTEGER NOT NULL, 
	name VARCHAR COLLATE "NOCASE" NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE authors (
	id INTEGER NOT NULL, 
	name VARCHAR COLLATE "NOCASE" NOT NULL, 
	sort VARCHAR COLLATE "NOCASE", 
	link VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE series (
	id INTEGER NOT NULL, 
	name VARCHAR COLLATE "NOCASE" NOT NULL, 
	sort VARCHAR COLLATE "NOCASE", 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE ratings (
	id INTEGER NOT NULL, 
	rating INTEGER CHECK (rating>-1 AND rating<11), 
	PRIMARY KEY (id), 
	UNIQUE (rating)
);
CREATE TABLE languages (
	id INTEGER NOT NULL, 
	lang_code VARCHAR COLLATE "NOCASE" NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (lang_code)
);
CREATE TABLE publishers (
	id INTEGER NOT NULL, 
	name VARCHAR COLLATE "NOCASE" NOT NULL, 
	sort VARCHAR COLLATE "NOCASE", 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE books (
	id INTEGER NOT NULL, 
	title VARCHAR COLLATE "NOCASE" NOT NULL, 
	sort VARCHAR COLLATE "NOCASE", 
	author_sort VARCHAR COLLATE "NOCASE", 
	timestamp TIMESTAMP, 
	pubdate TIMESTAMP, 
	series_index VARCHAR NOT NULL, 
	last_modified TIMESTAMP, 
	path VARCHAR NOT NULL, 
	has_cover INTEGER, 
	uuid VARCHAR, 
	PRIMARY KEY (id)
);
CREATE TABLE custom_columns (
	id INTEGER NOT NULL, 
	label VARCHAR, 
	name VARCHAR, 
	datatype VARCHAR, 
	mark_for_delete BOOLEAN, 
	editable BOOLEAN, 
	display VARCHAR, 
	is_multiple BOOLEAN, 
	normalized BOOLEAN, 
	PRIMARY KEY (id)
);
CREATE TABLE books_authors_link (
	book INTEGER NOT NULL, 
	author INTEGER NOT NULL, 
	PRIMARY KEY (book, author), 
	FOREIGN KEY(book) REFERENCES books (id), 
	FOREIGN KEY(author) REFERENCES authors (id)
);
CREATE TABLE books_tags_link (
	book INTEGER NOT NULL, 
	tag INTEGER NOT NULL, 
	PRIMARY KEY (book, tag), 
	FOREIGN KEY(book) REFERENCES books (id), 
	FOREIGN KEY(tag) REFERENCES tags (id)
);
CREATE TABLE books_series_link (
	book INTEGER NOT NULL, 
	series INTEGER NOT NULL, 
	PRIMARY KEY (book, series), 
	FOREIGN KEY(book) REFERENCES books (id), 
	FOREIGN KEY(series) REFERENCES series (id)
);
CREATE TABLE books_ratings_link (
	book INTEGER NOT NULL, 
	rating INTEGER NOT NULL, 
	PRIMARY KEY (book, rating), 
	FOREIGN KEY(book) REFERENCES books (id), 
	FOREIGN KEY(rating) REFERENCES ratings (id)
);
CREATE TABLE books_languages_link (
	book INTEGER NOT NULL, 
	lang_code INTEGER NOT NULL, 
	PRIMARY KEY (book, lang_code), 
	FOREIGN KEY(book) REFERENCES books (id), 
	FOREIGN KEY(lang_code) REFERENCES languages (id)
);
CREATE TABLE books_publishers_link (
	book INTEGER NOT NULL, 
	publisher INTEGER NOT NULL, 
	PRIMARY KEY (book, publisher), 
	FOREIGN KEY(book) REFERENCES books (id), 
	FOREIGN KEY(publisher) REFERENCES publishers (id)
);
CREATE TABLE identifiers (
	id INTEGER NOT NULL, 
	type VARCHAR COLLATE "NOCASE" NOT NULL, 
	val VARCHAR COLLATE "NOCASE" NOT NULL, 
	book INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(book) REFERENCES books (id)
);
CREATE TABLE comments (
	id INTEGER NOT NULL, 
	book INTEGER NOT NULL, 
	text VARCHAR COLLATE "NOCASE" NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (book), 
	FOREIGN KEY(book) REFERENCES books (id)
);
CREATE TABLE data (
	id INTEGER NOT NULL, 
	book INTEGER NOT NULL, 
	format VARCHAR COLLATE "NOCASE" NOT NULL, 
	uncompressed_size INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE metadata_dirtied (
	id INTEGER NOT NULL, 
	book INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (book), 
	FOREIGN KEY(book) REFERENCES books (id)
);
INSERT INTO library_id (id, uuid) VALUES (1, '6f1b0f3e-6d1c-4a6e-9a54-0f7a2f2c9d11');
INSERT INTO authors (id, name, sort, link) VALUES (1, '顾炎武', '顾炎武', ''), (2, '沈括', '沈括', ''), (3, '宋应星', '宋应星', '');
INSERT INTO books (id, title, sort, author_sort, timestamp, pubdate, series_index, last_modified, path, has_cover, uuid) VALUES
  (1, '日知录', '日知录', '顾炎武', '2020-01-01 00:00:00+00:00', '1670-01-01 00:00:00+00:00', '1.0', '2020-01-01 00:00:00+00:00', 'gu/1', 0, '6f1b0f3e-0000-4000-8000-000000000001'),
  (2, '梦溪笔谈', '梦溪笔谈', '沈括', '2020-01-01 00:00:00+00:00', '1670-01-01 00:00:00+00:00', '1.0', '2020-01-01 00:00:00+00:00', 'shen/2', 0, '6f1b0f3e-0000-4000-8000-000000000002'),
  (3, '天工开物', '天工开物', '宋应星', '2020-01-01 00:00:00+00:00', '1637-01-01 00:00:00+00:00', '1.0', '2020-01-01 00:00:00+00:00', 'song/3', 0, '6f1b0f3e-0000-4000-8000-000000000003');
INSERT INTO books_authors_link (book, author) VALUES (1, 1), (2, 2), (3, 3);
