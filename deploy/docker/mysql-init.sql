-- Run once, by the MySQL image, when its data volume is new.
SET NAMES utf8mb4;

-- The account of the daemon, with nothing more than it needs. REPLICATION SLAVE: read the binary log, and see the other
-- replicas' server ids; REPLICATION CLIENT: ask for the position and the settings; SELECT: the refresh queries.
CREATE USER 'sluice'@'%' IDENTIFIED BY 'sluice';
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'sluice'@'%';
GRANT SELECT ON shop.* TO 'sluice'@'%';

-- A shop to play with: the tables of rules.yaml, and of config/rules.example.yaml.
CREATE DATABASE shop;
USE shop;

CREATE TABLE categories (
  id INT PRIMARY KEY,
  name VARCHAR(50) NOT NULL
);

CREATE TABLE products (
  id INT PRIMARY KEY AUTO_INCREMENT,
  category_id INT NOT NULL,
  name VARCHAR(100) NOT NULL,
  price DECIMAL(10, 2) NOT NULL,
  description TEXT,
  KEY (category_id)
);

CREATE TABLE customers (
  id INT PRIMARY KEY AUTO_INCREMENT,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(200) NOT NULL UNIQUE
);

CREATE TABLE orders (
  id INT PRIMARY KEY AUTO_INCREMENT,
  customer_id INT,
  product_id INT NOT NULL,
  quantity INT NOT NULL,
  KEY (customer_id)
);

INSERT INTO categories VALUES (5, 'Gates'), (7, 'Locks');
INSERT INTO products (id, category_id, name, price) VALUES (1, 5, 'Oak gate', 120.00), (2, 7, 'Brass lock', 45.50);
INSERT INTO customers (id, name, email) VALUES (42, 'Ada', 'ada@example.com');
INSERT INTO orders (customer_id, product_id, quantity) VALUES (42, 1, 2);
