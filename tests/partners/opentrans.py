"""An order as openTRANS 2.1 writes it."""

from __future__ import annotations

ORDER = """<?xml version="1.0" encoding="{encoding}"?>
<ORDER xmlns="http://www.opentrans.org/XMLSchema/2.1" version="2.1" type="standard"
 xmlns:bmecat="http://www.bmecat.org/bmecat/2005">
 <ORDER_HEADER><ORDER_INFO>
  <ORDER_ID>{number}</ORDER_ID><ORDER_DATE>{date}</ORDER_DATE>
  <PARTIES>
   <PARTY><PARTY_ROLE>supplier</PARTY_ROLE></PARTY>
   <PARTY><PARTY_ROLE>buyer</PARTY_ROLE><ADDRESS>
    <bmecat:NAME>{buyer}</bmecat:NAME><bmecat:STREET>Ringstr. 1</bmecat:STREET>
    <bmecat:ZIP>67661</bmecat:ZIP><bmecat:CITY>Musterstadt</bmecat:CITY>
    <bmecat:COUNTRY>Deutschland</bmecat:COUNTRY><bmecat:COUNTRY_CODED>DE</bmecat:COUNTRY_CODED>
    <bmecat:EMAIL>einkauf@buyer.example</bmecat:EMAIL></ADDRESS></PARTY>
   <PARTY><PARTY_ROLE>delivery</PARTY_ROLE><ADDRESS>
    <bmecat:NAME>Lager</bmecat:NAME></ADDRESS></PARTY>
  </PARTIES>
  <bmecat:CURRENCY>EUR</bmecat:CURRENCY>
 </ORDER_INFO></ORDER_HEADER>
 <ORDER_ITEM_LIST>{items}</ORDER_ITEM_LIST>
 <ORDER_SUMMARY><TOTAL_ITEM_NUM>1</TOTAL_ITEM_NUM>{total}</ORDER_SUMMARY>
</ORDER>
"""

ITEM = """<ORDER_ITEM><LINE_ITEM_ID>1</LINE_ITEM_ID><PRODUCT_ID>
 <bmecat:SUPPLIER_PID>{article}</bmecat:SUPPLIER_PID>
 <bmecat:DESCRIPTION_SHORT>Reifen</bmecat:DESCRIPTION_SHORT></PRODUCT_ID>
 <QUANTITY>{quantity}</QUANTITY><bmecat:ORDER_UNIT>C62</bmecat:ORDER_UNIT>
 <PRODUCT_PRICE_FIX><bmecat:PRICE_AMOUNT>{price}</bmecat:PRICE_AMOUNT></PRODUCT_PRICE_FIX>
</ORDER_ITEM>"""


def order(number: str = "4711", **more: str) -> str:
    item = {"article": "T-1", "quantity": "4", "price": "50.00"}
    items = ITEM.format(**{key: more.pop(key, usual) for key, usual in item.items()})
    said = {
        "encoding": "UTF-8",
        "date": "2026-11-20T10:00:00+01:00",
        "buyer": "Reifen Müller",
        "items": items,
        "total": "<TOTAL_AMOUNT>200.00</TOTAL_AMOUNT>",
    }
    return ORDER.format(number=number, **(said | more))
